"""Alerts: what fires, acknowledging, silences with their preview, rules with their graph, history."""

import re

from browser import expect, server, visiting

FIRING = re.compile("Mutes [1-9][0-9]* that fire now")

with visiting() as visit:
    page = visit.open("/alerts")
    group = page.locator(".alert-group", has_text="TargetDown")
    expect(group).to_be_visible()
    visit.audit("firing")
    visit.picture("alerts")

    # Whoever takes an alert says who they are, and the page shows it.
    group.get_by_role("button", name="Acknowledge").click()
    page.get_by_label("By").fill("anna")
    page.get_by_label("Note").fill("looking at it")
    visit.audit("acknowledge")
    page.locator("dialog").get_by_role("button", name="Acknowledge").click()
    expect(group).to_contain_text("anna has it")
    _, alerts = server().ask("/api/v2/alerts")
    assert any(one.get("acknowledgement", {}).get("by") == "anna" for one in alerts), alerts

    # A silence shows what it would mute before it is made, and mutes just that.
    group.get_by_role("button", name="Silence").click()
    expect(page.locator(".silence-preview")).to_contain_text(FIRING)
    conditions = page.get_by_label("Conditions, one a line")
    conditions.fill('alertname="Nobody"')
    expect(page.locator(".silence-preview")).to_contain_text("Mutes 0 that fire now")
    conditions.fill('alertname="TargetDown"\njob=~"go.*"')
    expect(page.locator(".silence-preview")).to_contain_text(FIRING)
    page.get_by_label("Why").fill("works at the rack")
    visit.audit("new silence")
    visit.picture("silence")
    page.locator("dialog").get_by_role("button", name="Silence").click()
    expect(group).to_contain_text("silenced")
    _, silences = server().ask("/api/v2/silences")
    (silence,) = [one for one in silences if one["status"]["state"] == "active"]
    assert silence["comment"] == "works at the rack" and len(silence["matchers"]) == 2, silence

    # It can be changed and ended.
    page.get_by_role("tab", name="Silences").click()
    row = page.locator("tr", has_text="works at the rack").first
    row.get_by_role("button", name="Change").click()
    page.get_by_label("Why").fill("works until noon")
    page.locator("dialog").get_by_role("button", name="Change").click()
    expect(page.locator("tr", has_text="works until noon")).to_have_count(1)
    visit.audit("silences")
    page.locator("tr", has_text="works until noon").get_by_role("button", name="End it").click()
    expect(page.locator("tr", has_text="works until noon").get_by_role("button", name="Again")).to_be_visible()

    # What happened stands in the history.
    page.get_by_role("tab", name="History").click()
    expect(page.locator("table.list")).to_contain_text("firing")
    visit.audit("history")

    # A rule shows its query over time, with what it compares with.
    page.get_by_role("tab", name="Rules").click()
    expect(page.locator("article.rule", has_text="TargetDown")).to_be_visible()
    card = page.locator("article.rule", has_text="HotHost")
    card.locator("summary", has_text="graph").click()
    expect(card.locator("canvas")).to_be_visible()
    visit.audit("rules")
    visit.picture("rules")
    page.get_by_label("state").select_option("firing")
    expect(page.locator("article.rule", has_text="Never")).to_have_count(0)
    page.get_by_label("search rules").fill("nothing is called so")
    expect(page.locator("main")).to_contain_text("No rule fits")

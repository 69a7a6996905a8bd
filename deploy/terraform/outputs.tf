output "collector_url" {
  description = "For the agents' collector.url."
  value       = "https://${aws_instance.collector.private_ip}:9440"
}

output "agent_user_data" {
  description = "User data for servers that shall run an agent."
  value = templatefile("${path.module}/agent.sh.tftpl", {
    package_url   = var.package_url
    collector_url = "https://${aws_instance.collector.private_ip}:9440"
  })
}

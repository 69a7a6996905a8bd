// Colours by Grafana's names, and the palette of series. Both themes draw the same hues.

const hues = {
  red: ["#ffa6b0", "#ff7383", "#f2495c", "#e02f44", "#c4162a"],
  orange: ["#ffcb7d", "#ffb357", "#ff9830", "#ff780a", "#fa6400"],
  yellow: ["#fff899", "#ffee52", "#fade2a", "#f2cc0c", "#e0b400"],
  green: ["#c8f2c2", "#96d98d", "#73bf69", "#56a64b", "#37872d"],
  blue: ["#c0d8ff", "#8ab8ff", "#5794f2", "#3274d9", "#1f60c4"],
  purple: ["#deb6f2", "#ca95e5", "#b877d9", "#a352cc", "#8f3bb8"],
};
const shades = ["super-light-", "light-", "", "semi-dark-", "dark-"];

const named = {
  transparent: "transparent",
  white: "#ffffff",
  black: "#000000",
  grey: "#8e8e8e",
  gray: "#8e8e8e",
  text: "var(--text)",
};
for (const [hue, values] of Object.entries(hues)) {
  shades.forEach((shade, place) => {
    named[shade + hue] = values[place];
  });
}

/// What a name or a code stands for; texts that are no colour become grey.
export function colour(name) {
  if (!name) return "#8e8e8e";
  return named[name] ?? (/^#[0-9a-f]{3,8}$|^(rgb|hsl)a?\([\d\s.,%/]+\)$/i.test(name) ? name : "#8e8e8e");
}

export const palette = [
  "#73bf69",
  "#f2cc0c",
  "#8ab8ff",
  "#ff780a",
  "#f2495c",
  "#5794f2",
  "#b877d9",
  "#705da0",
  "#37872d",
  "#fade2a",
  "#447ebc",
  "#c15c17",
  "#890f02",
  "#0a437c",
  "#6d1f62",
  "#584477",
  "#b7dbab",
  "#f4d598",
  "#70dbed",
  "#f9ba8f",
  "#f29191",
  "#82b5d8",
  "#e5a8e2",
  "#aea2e0",
  "#629e51",
  "#e5ac0e",
  "#64b0c8",
  "#e0752d",
  "#bf1b00",
  "#0a50a1",
  "#962d82",
  "#614d93",
];

/// The colour of a name, always the same one.
export function colourOfText(text) {
  let hash = 0;
  for (let place = 0; place < text.length; place += 1) hash = (hash * 31 + text.charCodeAt(place)) >>> 0;
  return palette[hash % palette.length];
}

const fromHex = (code) => {
  const full = code.length === 4 ? "#" + [...code.slice(1)].map((digit) => digit + digit).join("") : code;
  return [1, 3, 5].map((place) => parseInt(full.slice(place, place + 2), 16));
};

/// A colour with an opacity of 0 to 1.
export function faded(code, opacity) {
  if (!code.startsWith("#")) return code;
  const [red, green, blue] = fromHex(code);
  return `rgba(${red}, ${green}, ${blue}, ${opacity})`;
}

const scales = {
  "continuous-GrYlRd": ["green", "yellow", "red"],
  "continuous-RdYlGr": ["red", "yellow", "green"],
  "continuous-BlYlRd": ["dark-blue", "super-light-yellow", "dark-red"],
  "continuous-YlRd": ["super-light-yellow", "dark-red"],
  "continuous-BlPu": ["dark-blue", "dark-purple"],
  "continuous-YlBl": ["super-light-yellow", "dark-blue"],
  "continuous-blues": ["super-light-blue", "dark-blue"],
  "continuous-reds": ["super-light-red", "dark-red"],
  "continuous-greens": ["super-light-green", "dark-green"],
  "continuous-purples": ["super-light-purple", "dark-purple"],
};
export const isScale = (mode) => mode in scales;

/// A colour between those of a scale; `share` from 0 to 1.
export function blended(mode, share) {
  const stops = (scales[mode] ?? scales["continuous-GrYlRd"]).map((name) => fromHex(colour(name)));
  const place = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const low = Math.min(Math.floor(place), stops.length - 2);
  const mixed = stops[low].map((part, channel) =>
    Math.round(part + (stops[low + 1][channel] - part) * (place - low))
  );
  return `#${mixed.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

/// How much light a colour reflects, from 0 to 1.
function luminance(code) {
  const [red, green, blue] = fromHex(code).map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/// Black or white, whichever can be read on a colour: both stand out alike at the geometric mean of what they reflect.
export function readableOn(code) {
  if (!code.startsWith("#")) return "var(--text)";
  return luminance(code) > 0.19 ? "#111217" : "#ffffff";
}

/// A colour as the ink of a text: on the light theme as dark as it must be to be read on white, else as it is.
export function inkOf(code) {
  if (document.documentElement.dataset.theme !== "light" || !code.startsWith("#")) return code;
  let parts = fromHex(code);
  const text = () => `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  while (luminance(text()) > 0.17) parts = parts.map((part) => Math.floor(part * 0.92));
  return text();
}

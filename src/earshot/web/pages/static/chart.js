// The chart of this page with tooltips and links to rows; its picture stands until it is drawn.
// Expressions are interpreted (ast), so no code is made of text and the page's policy stays strict.
const place = document.getElementById("chart");
const night = window.matchMedia("(prefers-color-scheme: dark)");
const picture = place.firstElementChild;

async function draw() {
  let text = place.dataset.spec;
  if (night.matches) {
    for (const [light, dark] of Object.entries(JSON.parse(place.dataset.dark))) {
      text = text.replaceAll(`"${light}"`, `"${dark}"`);
    }
  }
  const live = document.createElement("div");
  live.className = "live";
  live.setAttribute("role", "img");
  live.setAttribute("aria-label", place.dataset.label);
  place.append(live);
  const options = { ast: true, actions: false, renderer: "svg", defaultStyle: false,
    logLevel: 1, tooltip: { disableDefaultStyle: true, id: "chart-tip" } };
  await window.vegaEmbed(live, JSON.parse(text), options);
  [...place.children].forEach((one) => { if (one !== live) one.remove(); });
  place.dataset.drawn = "1";
}

night.addEventListener("change", draw);
if (window.vegaEmbed && picture) draw();

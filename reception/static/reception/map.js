// Maps of sites and entry points. Works without a network: outlines come with the program, tiles
// only where an address for them is set. The list beside the map says the same in words.
(() => {
  "use strict";
  const read = (id) => {
    const found = document.getElementById(id);
    return found ? JSON.parse(found.textContent) : null;
  };
  const put = (tag, text, className) => {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  const begin = (box, how) => {
    const map = L.map(box, { zoomControl: false, attributionControl: false, minZoom: 4, maxZoom: how.tiles ? 18 : 13 });
    map.setView([38, 71], 6);
    L.control.zoom({ zoomInTitle: how.words.in, zoomOutTitle: how.words.out }).addTo(map);
    L.control.scale({ imperial: false }).addTo(map);
    L.control.attribution({ prefix: false }).addAttribution(escaped(how.attribution)).addTo(map);
    if (how.tiles) L.tileLayer(how.tiles).addTo(map);
    fetch(how.outlines)
      .then((answer) => answer.json())
      .then((outlines) => draw(map, outlines, how))
      .catch(() => {});
    return map;
  };
  const escaped = (text) => put("span", text).innerHTML;

  const draw = (map, outlines, how) => {
    L.geoJSON(outlines, {
      interactive: false,
      style: () => ({ className: how.tiles ? "mp-land mp-over-tiles" : "mp-land", weight: 1.2 }),
    }).addTo(map);
    for (const { properties } of outlines.features) {
      const name = how.countries[properties.code];
      if (!name) continue;
      const [east, north] = properties.label;
      L.marker([north, east], {
        interactive: false,
        keyboard: false,
        icon: L.divIcon({ className: "mp-country", html: put("span", name), iconSize: null }),
      }).addTo(map);
    }
  };

  const sign = (point) =>
    L.divIcon({
      className: `mp-sign mp-${point.kind} pl-${point.level}`,
      html: put("span", point.sign),
      iconSize: [30, 30],
    });

  const card = (point, how) => {
    const shown = put("div", "", "mp-card");
    shown.append(put("strong", point.name), put("span", point.about), put("span", `${point.sign} ${point.words}`));
    if (point.figures) shown.append(put("span", point.figures));
    if (point.url) {
      const link = put("a", how.words.open);
      link.href = point.url;
      shown.append(link);
    }
    return shown;
  };

  const overview = (box, how) => {
    const points = read("map-points") || [];
    const map = begin(box, how);
    const markers = new Map();
    for (const point of points) {
      if (point.latitude === null) continue;
      const marker = L.marker([point.latitude, point.longitude], {
        icon: sign(point),
        alt: `${point.name}: ${point.words}`,
        title: `${point.name}: ${point.words}`,
        riseOnHover: true,
      }).addTo(map);
      marker.bindPopup(() => card(point, how));
      markers.set(point.id, marker);
    }
    const all = [...markers.values()].map((marker) => marker.getLatLng());
    if (all.length) map.fitBounds(L.latLngBounds(all).pad(0.3), { maxZoom: 10 });
    document.querySelectorAll("[data-point]").forEach((button) => {
      const marker = markers.get(button.dataset.point);
      if (!marker) return;
      button.hidden = false;
      button.addEventListener("click", () => {
        box.scrollIntoView({ block: "nearest" });
        map.setView(marker.getLatLng(), Math.max(map.getZoom(), 11));
        marker.openPopup();
        marker.getElement().focus();
      });
    });
  };

  // One place: shown, and where the form may be changed set by a click, by dragging or by typing.
  const one = (box, how) => {
    const north = document.querySelector("input[name=latitude]");
    const east = document.querySelector("input[name=longitude]");
    const known = (a, b) => (a !== "" && b !== "" && Number.isFinite(+a) && Number.isFinite(+b) ? [+a, +b] : null);
    const map = begin(box, how);
    const point = { kind: "site", level: box.dataset.level, sign: box.dataset.sign };
    let marker = null;
    const show = (where) => {
      if (!where) {
        if (marker) marker.remove();
        marker = null;
        return;
      }
      if (marker) marker.setLatLng(where);
      else {
        marker = L.marker(where, { icon: sign(point), draggable: Boolean(north), alt: how.words.here }).addTo(map);
        marker.on("dragend", () => write(marker.getLatLng()));
      }
    };
    const write = ({ lat, lng }) => {
      north.value = lat.toFixed(5);
      east.value = lng.toFixed(5);
      [north, east].forEach((field) => field.dispatchEvent(new Event("change", { bubbles: true })));
    };
    const first = north ? known(north.value, east.value) : known(box.dataset.latitude || "", box.dataset.longitude || "");
    show(first);
    if (first) map.setView(first, 8);
    if (!north || !east) return;
    document.querySelectorAll(".mp-hint").forEach((hint) => {
      hint.hidden = false;
    });
    map.on("click", (event) => write(event.latlng.wrap()));
    [north, east].forEach((field) =>
      field.addEventListener("change", () => {
        const where = known(north.value, east.value);
        show(where);
        if (where && !map.getBounds().contains(where)) map.panTo(where);
      }),
    );
  };

  document.addEventListener("DOMContentLoaded", () => {
    const how = read("map-settings");
    if (!how || !window.L) return;
    document.querySelectorAll(".mp-map").forEach((box) => {
      box.hidden = false;
      (box.dataset.one === undefined ? overview : one)(box, how);
    });
  });
})();

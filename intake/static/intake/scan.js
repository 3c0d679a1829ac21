// Scanning with the camera. A keyboard scanner needs nothing of this: it types and presses Enter.
(() => {
  "use strict";
  const form = document.getElementById("scan");
  if (!form) return;
  const field = document.getElementById("text");
  const start = document.getElementById("camera");
  const stop = document.getElementById("camera-off");
  const problem = document.getElementById("camera-problem");
  const seen = document.getElementById("seen");
  const video = document.getElementById("video");
  const canvas = document.createElement("canvas");
  const widest = 800; // pixels: enough for a slip, and quick on an old phone
  let stream = null;

  field.focus();
  field.select();
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault(); // a scanner that sends Enter twice
    sent = true;
  });
  window.addEventListener("pageshow", () => {
    sent = false;
  });

  // Without HTTPS browsers give no camera: then the button would only disappoint.
  if (!navigator.mediaDevices || !navigator.mediaDevices.getUserMedia) return;
  start.hidden = false;

  const say = (reason) => {
    problem.textContent = reason ? problem.dataset[reason] : "";
    problem.hidden = !reason;
  };

  const off = () => {
    if (stream) stream.getTracks().forEach((track) => track.stop());
    stream = null;
    seen.hidden = stop.hidden = true;
    start.hidden = false;
  };

  const load = (address) =>
    new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    });

  // A function that finds a code in the picture: the browser's own, else the one we bring.
  const decoder = async () => {
    if ("BarcodeDetector" in window) {
      const formats = await window.BarcodeDetector.getSupportedFormats();
      if (formats.includes("qr_code")) {
        const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
        return async () => ((await detector.detect(video))[0] || {}).rawValue || "";
      }
    }
    if (!window.jsQR) await load(seen.dataset.decoder);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    return async () => {
      const scale = Math.min(1, widest / video.videoWidth);
      canvas.width = Math.round(video.videoWidth * scale);
      canvas.height = Math.round(video.videoHeight * scale);
      context.drawImage(video, 0, 0, canvas.width, canvas.height);
      const picture = context.getImageData(0, 0, canvas.width, canvas.height);
      const found = window.jsQR(picture.data, picture.width, picture.height);
      return found ? found.data : "";
    };
  };

  const watch = async (look) => {
    while (stream) {
      const text = video.videoWidth ? await look().catch(() => "") : "";
      if (text && stream) {
        off();
        field.value = text.slice(0, 200);
        form.requestSubmit();
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 120));
    }
  };

  start.addEventListener("click", async () => {
    say("");
    start.hidden = true;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: "environment", width: { ideal: 1280 } },
      });
      video.srcObject = stream;
      seen.hidden = stop.hidden = false;
      await video.play();
      await watch(await decoder());
    } catch (error) {
      off();
      const reasons = { NotAllowedError: "denied", NotFoundError: "missing" };
      say(reasons[error.name] || "failed");
      field.focus();
    }
  });
  stop.addEventListener("click", () => {
    off();
    field.focus();
  });
  window.addEventListener("pagehide", off);
})();

// Reading codes from pictures: by the browser's own BarcodeDetector, by the kept script, or for a hard photograph by the server.

const FORMAT = "qr_code";
const LARGEST = 1600; // pixels of the longer side

async function own() {
  const Detector = globalThis.BarcodeDetector;
  if (!Detector) return null;
  try {
    return (await Detector.getSupportedFormats()).includes(FORMAT) ? new Detector({ formats: [FORMAT] }) : null;
  } catch {
    return null;
  }
}

// A detector: `detect(source)` gives [{rawValue}]. Some browsers have the class and no service behind it.
export async function detector() {
  const found = await own();
  if (found) return { name: "BarcodeDetector", detect: (source) => found.detect(source) };
  const { BarcodeDetector } = await import("../../vendor/qr/decode.js");
  const kept = new BarcodeDetector({ formats: [FORMAT] });
  return { name: "qr", detect: (source) => kept.detect(source) };
}

// The picture drawn no larger than needed, upright.
export async function drawn(file) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, LARGEST / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.round(bitmap.width * scale), Math.round(bitmap.height * scale)];
  canvas.getContext("2d", { willReadFrequently: true }).drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return canvas;
}

// The texts in a picture file. `ask` sends it to the server, where reading here finds nothing; it may answer null.
export async function read(file, ask) {
  let canvas = null;
  try {
    canvas = await drawn(file);
    const found = await (await detector()).detect(canvas);
    if (found.length) return found.map((one) => one.rawValue);
  } catch {
    // no picture this browser knows, or a detector that fails: the server may know better
  }
  const small = canvas && (await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9)));
  return ask(small ?? file);
}

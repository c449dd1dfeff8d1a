// The camera: frames are read until a code is found or somebody stops it. Nothing leaves the telephone.

import { detector } from "./picture.js";

const PAUSE = 120; // milliseconds between two frames

export const isThere = () => Boolean(navigator.mediaDevices?.getUserMedia);

export class Camera {
  constructor(video) {
    this.video = video;
    this.stream = null;
  }

  // Resolves with the text of the first code, or null when stopped. Rejects as getUserMedia does when there is no camera.
  async scan() {
    const wanted = { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 1280 } };
    this.stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
    const mine = this.stream;
    this.video.srcObject = mine;
    await this.video.play();
    const reader = await detector();
    while (this.stream === mine) {
      const text = await this.frame(reader);
      if (text) {
        this.stop();
        return text;
      }
      await new Promise((done) => setTimeout(done, PAUSE));
    }
    return null;
  }

  async frame(reader) {
    if (this.video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
    try {
      const [found] = await reader.detect(this.video);
      return found?.rawValue ?? null;
    } catch {
      return null; // a frame that was not ready
    }
  }

  stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
  }
}

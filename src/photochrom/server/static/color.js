// Between sRGB and CIELAB (D65), for names and samples of hues; pictures are the server's task.

const WHITE = [0.95047, 1, 1.08883];
const TO_XYZ = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041]];
const TO_RGB = [[3.2404542, -1.5371385, -0.4985314], [-0.969266, 1.8760108, 0.041556],
  [0.0556434, -0.2040259, 1.0572252]];
const DARK = 6 / 29;

const times = (matrix, vector) =>
  matrix.map((row) => row.reduce((sum, factor, index) => sum + factor * vector[index], 0));
const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const encoded = (v) => (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055);
const root = (t) => (t > DARK ** 3 ? Math.cbrt(t) : t / (3 * DARK ** 2) + 4 / 29);
const cube = (t) => (t > DARK ? t ** 3 : 3 * DARK ** 2 * (t - 4 / 29));

/** sRGB (0..255) to L (0..100), a, b. */
export function rgbToLab(rgb) {
  const xyz = times(TO_XYZ, rgb.map((value) => linear(value / 255)));
  const [x, y, z] = xyz.map((value, index) => root(value / WHITE[index]));
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** L, a, b to "#rrggbb", clipped to what sRGB has. */
export function labToHex([L, a, b]) {
  const y = (L + 16) / 116;
  const xyz = [y + a / 500, y, y - b / 200].map((value, index) => WHITE[index] * cube(value));
  return rgbToHex(times(TO_RGB, xyz).map((value) => 255 * encoded(Math.max(0, value))));
}

export function rgbToHex(rgb) {
  const digits = rgb.map((value) => {
    const whole = Math.round(Math.min(255, Math.max(0, value)));
    return whole.toString(16).padStart(2, "0");
  });
  return `#${digits.join("")}`;
}

/** Hue in degrees 0..360 and chroma of a and b. */
export function hueAndChroma([, a, b]) {
  return { hue: ((Math.atan2(b, a) * 180) / Math.PI + 360) % 360, chroma: Math.hypot(a, b) };
}

// Lines with more points than the screen has columns, set pixel by pixel: to stroke a quarter of a million points keeps a
// canvas busy for a good part of a second, and for the eye a column of pixels is covered from the lowest to the highest.

/// A picture that is put over a graph. It is made anew for each frame, into the same memory.
export class DenseLines {
  constructor() {
    this.canvas = document.createElement("canvas");
    this.pen = this.canvas.getContext("2d", { willReadFrequently: true });
  }

  /// `lines`: {values, scale, colour, width, alpha, spansGaps}; colours have the form #rrggbb. `from` and `to` are the
  /// first and the last place that is in sight.
  draw(plot, times, lines, from, to) {
    const { left, top, width, height } = plot.bbox;
    this.fit(Math.round(width), Math.round(height), lines.length);
    const { min, max } = plot.scales.x;
    const wide = this.canvas.width / (max - min);
    const xs = new Float64Array(to - from + 1);
    for (let place = from; place <= to; place += 1) xs[place - from] = (times[place] - min) * wide;
    this.low.fill(Infinity);
    this.high.fill(-Infinity);
    lines.forEach((line, number) => this.trace(line, number * this.canvas.width, xs, from, plot.scales[line.scale]));
    this.pixels.fill(0);
    this.paint(lines);
    this.pen.putImageData(this.image, 0, 0);
    plot.ctx.drawImage(this.canvas, left, top);
  }

  fit(width, height, count) {
    if (this.image?.width !== width || this.image.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
      this.image = this.pen.createImageData(width, height);
      this.pixels = new Uint32Array(this.image.data.buffer);
    }
    if (this.low?.length !== width * count) {
      this.low = new Float32Array(width * count);
      this.high = new Float32Array(width * count);
    }
  }

  /// Goes along a line, and keeps between which heights it covers each column; `base` is where its columns begin.
  trace({ values, spansGaps }, base, xs, first, { min, max }) {
    const { low, high } = this;
    const { width: wide, height: tall } = this.canvas;
    const scale = tall / (max - min);
    let isDrawing = false;
    let lastX = 0;
    let lastY = 0;
    let column = 0;
    for (let place = 0; place < xs.length; place += 1) {
      const value = values[first + place];
      if (value === undefined || (value === null && spansGaps)) continue;
      if (value === null) {
        isDrawing = false;
        continue;
      }
      const x = xs[place];
      const y = tall - (value - min) * scale;
      const own = Math.floor(x);
      if (isDrawing && own > column) {
        const slope = (y - lastY) / (x - lastX);
        for (column = Math.max(column, -1); column < own && column < wide; column += 1) {
          // Where it goes from one column into the next, it belongs to both.
          const edge = lastY + slope * (column + 1 - lastX);
          const at = base + column;
          if (column >= 0) {
            if (edge < low[at]) low[at] = edge;
            if (edge > high[at]) high[at] = edge;
          }
          if (column + 1 < wide) {
            if (edge < low[at + 1]) low[at + 1] = edge;
            if (edge > high[at + 1]) high[at + 1] = edge;
          }
        }
      }
      if (own >= 0 && own < wide) {
        if (y < low[base + own]) low[base + own] = y;
        if (y > high[base + own]) high[base + own] = y;
      }
      isDrawing = true;
      lastX = x;
      lastY = y;
      column = own;
    }
  }

  /// Sets the pixels, some columns of all lines at a time: these lie in the same lines of the processor's cache.
  paint(lines) {
    const { low, high, pixels } = this;
    const { width: wide, height: tall } = this.canvas;
    const inks = lines.map(({ colour }) => {
      const code = parseInt(colour.slice(1), 16);
      return ((code & 255) << 16) | (code & 0xff00) | (code >> 16);
    });
    for (let block = 0; block < wide; block += 16) {
      const last = Math.min(block + 16, wide);
      for (let number = 0; number < lines.length; number += 1) {
        const { width, alpha } = lines[number];
        const ink = inks[number];
        const solid = (ink | 0xff000000) >>> 0;
        for (let column = block; column < last; column += 1) {
          const from = Math.max(0, low[number * wide + column] - width / 2);
          const to = Math.min(tall, high[number * wide + column] + width / 2);
          if (!(to > from)) continue;
          const begin = Math.floor(from);
          const end = Math.ceil(to) - 1;
          // The pixels at the ends are covered in part.
          blend(pixels, begin * wide + column, ink, (Math.min(to, begin + 1) - from) * alpha);
          if (end > begin) blend(pixels, end * wide + column, ink, (to - end) * alpha);
          const stop = end * wide + column;
          if (alpha >= 1) for (let at = (begin + 1) * wide + column; at < stop; at += wide) pixels[at] = solid;
          else for (let at = (begin + 1) * wide + column; at < stop; at += wide) blend(pixels, at, ink, alpha);
        }
      }
    }
  }
}

/// Puts a colour over a pixel that may be clear; `share` from 0 to 1 is how much of the pixel is covered.
function blend(pixels, at, ink, share) {
  const below = pixels[at];
  const kept = (below >>> 24) / 255 * (1 - share);
  const sum = share + kept;
  const red = ((ink & 255) * share + (below & 255) * kept) / sum;
  const green = ((ink >> 8 & 255) * share + (below >> 8 & 255) * kept) / sum;
  const blue = ((ink >> 16 & 255) * share + (below >> 16 & 255) * kept) / sum;
  pixels[at] = (red | green << 8 | blue << 16 | sum * 255 << 24) >>> 0;
}

// The image a server holds (tests/parts/modbus_image.py): units → table → address → value.
"use strict";
const fs = require("fs");

exports.image = (file) => {
  const units = JSON.parse(fs.readFileSync(file, "utf8"));
  for (const tables of Object.values(units)) {
    for (const [name, runs] of Object.entries(tables)) {
      tables[name] = new Map(runs.flatMap(([start, values]) => values.map((v, i) => [start + i, v])));
    }
  }
  return units;
};

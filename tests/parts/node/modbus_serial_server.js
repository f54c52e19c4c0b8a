// modbus-serial: a function a table, called once a register; an error carries its exception.
"use strict";
const { ServerTCP, ServerSerial } = require("modbus-serial");
const { image } = require("./image");

const [file, where] = process.argv.slice(2);
const units = image(file);

const refuse = (code) => {
  throw Object.assign(new Error("refused"), { modbusErrorCode: code });
};
const table = (unit, name) => (units[unit] || refuse(11))[name];
const get = (name) => (address, unit) =>
  table(unit, name).has(address) ? table(unit, name).get(address) : refuse(2);
const set = (name) => (address, value, unit) =>
  table(unit, name).has(address) ? void table(unit, name).set(address, value) : refuse(2);

const vector = {
  getCoil: get("coil"),
  getDiscreteInput: get("discrete"),
  getInputRegister: get("input"),
  getHoldingRegister: get("holding"),
  setCoil: set("coil"),
  setRegister: set("holding"),
  readDeviceIdentification: () => ({ 0: "ACME", 1: "M1", 2: "3" }),
};

const [wire, port] = [where.slice(0, 3), where.slice(4)];
if (wire === "tcp") new ServerTCP(vector, { host: "127.0.0.1", port: Number(port) });
else new ServerSerial(vector, { path: port, baudRate: 19200 });

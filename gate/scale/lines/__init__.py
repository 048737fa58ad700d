"""Lines to indicators: serial, TCP, Modbus and MQTT behind one small interface; see `address.open_line`."""

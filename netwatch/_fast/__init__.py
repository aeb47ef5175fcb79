"""The compiled engine: its doors (parse, flows, streams, dpi, engine), and the rooms behind them."""

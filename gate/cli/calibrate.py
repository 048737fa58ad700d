"""`gatewarden calibrate`: what makes cameras and scales true."""

import typer

from gate.cli import calibrate_camera, calibrate_scale

app = typer.Typer(no_args_is_help=True)
app.registered_commands += calibrate_camera.app.registered_commands
app.registered_commands += calibrate_scale.app.registered_commands

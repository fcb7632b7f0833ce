/**
 * The floor: the runtime's own WebSocket server.
 *
 * @module
 */
import { listenRaw } from "./raw_echo.ts";
import { announce, certificateIfAsked } from "./stdio.ts";

const certificate = await certificateIfAsked();
await announce(await listenRaw(certificate), certificate);

import { test } from "node:test";
import { startClient, startServer } from "./peer.ts";
import { clientProgram, PAIRS, serverProgram, SKIP } from "./programs.ts";
import { SCENARIOS } from "./scenarios.ts";

for (const [clientSide, serverSide] of PAIRS) {
  for (const { name, service, levels, run } of SCENARIOS) {
    test(
      `${clientSide} client, ${serverSide} server: ${name}`,
      { skip: SKIP, timeout: 60_000 },
      async (context) => {
        const client = clientProgram(clientSide);
        const server = serverProgram(serverSide);
        if (client === undefined || server === undefined) {
          context.skip(`${clientSide} cannot run here`);
          return;
        }
        await using started = await startServer(server, service);
        for (const level of levels) {
          await using connected = await startClient(client, service, { port: started.port, level });
          await run(connected);
        }
      },
    );
  }
}

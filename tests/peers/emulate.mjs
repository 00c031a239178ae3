// Runs the Slack of npm's emulate, with what it lacks of the real one: node emulate.mjs FOLDER SEED
//
// Prints its address; then takes commands as JSON lines and prints a line for each, until its input ends:
// {"app": address} tells where the app listens, {"event": …} tells the app an event.
import { createServer } from "node:http";
import { readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buffer } from "node:stream/consumers";
import { once } from "node:events";

const [folder, seed] = process.argv.slice(2);
const dist = join(folder, "node_modules", "emulate", "dist");
const load = (file) => import(pathToFileURL(join(dist, file)).href);
const { createEmulator } = await load("api.js");

// Only its code can subscribe an app to Slack's events, no request and no seed.
let webhooks, oauthApps;
for (const file of readdirSync(dist).filter((name) => /^dist-.*\.js$/.test(name))) {
  const { slackPlugin, getSlackStore } = await load(file);
  if (!slackPlugin) continue;
  const register = slackPlugin.register;
  slackPlugin.register = (app, store, hooks, ...rest) => {
    webhooks = hooks;
    oauthApps = () => getSlackStore(store).oauthApps;
    return register(app, store, hooks, ...rest);
  };
}
const slack = await createEmulator({ service: "slack", port: 0, hostname: "127.0.0.1", seed: { slack: JSON.parse(seed) } });

let redirect = "";
const proxy = createServer(async (request, response) => {
  const url = new URL(request.url, slack.url);
  let { method } = request;
  let body = await buffer(request);
  const headers = { ...request.headers };
  for (const name of ["host", "connection", "content-length", "transfer-encoding"]) delete headers[name];
  if (url.pathname === "/oauth/v2/authorize" && !url.searchParams.get("redirect_uri")) {
    url.searchParams.set("redirect_uri", redirect); // Slack takes the app's own
  }
  if (method === "GET" && url.pathname.startsWith("/api/")) { // Slack takes both
    method = "POST";
    headers["content-type"] = "application/x-www-form-urlencoded";
    body = Buffer.from(url.searchParams.toString());
    url.search = "";
  }
  const answer = await fetch(url, { method, headers, body: method === "GET" ? undefined : body, redirect: "manual" });
  const shown = Object.fromEntries([...answer.headers].filter(([name]) => !/^(content-(length|encoding)|connection|transfer-encoding)$/.test(name)));
  response.writeHead(answer.status, shown);
  response.end(Buffer.from(await answer.arrayBuffer()));
});
proxy.listen(0, "127.0.0.1");
await once(proxy, "listening");
console.log(JSON.stringify({ url: `http://127.0.0.1:${proxy.address().port}` }));

for await (const line of createInterface({ input: process.stdin })) {
  const { app, event } = JSON.parse(line);
  if (app) {
    redirect = `${app}/slack/oauth_redirect`;
    for (const known of oauthApps().all()) oauthApps().update(known.id, { redirect_uris: [redirect] });
    webhooks.register({ url: `${app}/slack/events`, events: ["*"], active: true, owner: "slack" });
  }
  if (event) await webhooks.dispatch(event.event.type, undefined, event, "slack");
  console.log(JSON.stringify(webhooks.getDeliveries().at(-1)?.status_code ?? null));
}
process.exit();

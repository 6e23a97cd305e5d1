import { posix } from 'node:path'
import { memo } from '../parsers/collections/memo.ts'
import { socketIoServerPath } from '../parsers/javascript/socket-io.ts'
import { withoutComments } from '../parsers/python/without-comments.ts'
import { matchedPlace, type Place, type Source } from '../parsers/text/source.ts'
import { placeOf } from '../parsers/text/written-text.ts'
import type { Connection, Deployment, Machine, StartedCommand } from '../src/deployment/model.ts'
import { serverBehind } from '../src/deployment/server-behind.ts'
import { clientsBeside } from './_socketio-clients.ts'

/** A program whose pages do not work without WebSocket, and where it is named. */
export interface WebSocketProgram {
  readonly name: string
  readonly at: Place
  /** Its own script, where that is here. */
  readonly script?: Source
}

/** Images of such programs. */
const IMAGES: readonly (readonly [RegExp, string])[] = [
  [
    /(?:^|\/)(?:home-assistant\/home-assistant|linuxserver\/homeassistant|homeassistant\/home-assistant)$/,
    'Home Assistant',
  ],
  [/^(?:quay\.io\/)?jupyter(?:hub)?\/[\w-]+$/, 'Jupyter'],
  [/^(?:codercom|(?:lscr\.io\/)?linuxserver)\/code-server$/, 'code-server'],
  [/^(?:gitpod|(?:lscr\.io\/)?linuxserver)\/openvscode-server$/, 'OpenVSCode Server'],
  [/^(?:ghcr\.io\/)?open-webui\/open-webui$/, 'Open WebUI'],
  [/^(?:lscr\.io\/)?linuxserver\/webtop$/, 'Webtop'],
  [/^felddy\/foundryvtt$/, 'Foundry VTT'],
  [/^livekit\/livekit-server$/, 'LiveKit'],
  [/^louislam\/uptime-kuma$/, 'Uptime Kuma'],
  [/^(?:docker\.n8n\.io\/)?n8nio\/n8n$/, 'n8n'],
  [/^nodered\/node-red$/, 'Node-RED'],
  [/^rocker\/shiny(?:-verse)?$/, 'Shiny'],
  [/^(?:ghcr\.io\/)?koenkk\/zigbee2mqtt$/, 'Zigbee2MQTT'],
  [/^collabora\/code$/, 'Collabora'],
  [/^tsl0922\/ttyd$/, 'ttyd'],
  [/^(?:ghcr\.io\/)?esphome\/esphome$/, 'ESPHome'],
  [/^mattermost\/mattermost-[\w-]+$/, 'Mattermost'],
  [/^(?:registry\.)?rocket\.?chat(?:\/rocket\.?chat)+$|^rocketchat\/rocket\.chat$/, 'Rocket.Chat'],
]

/** Programs by the word that starts them, and the port that they open where no option says another. */
const COMMANDS: readonly (readonly [RegExp, string, number])[] = [
  [/^jupyter(?:-(?:lab|notebook))?$/, 'Jupyter', 8888],
  [/^jupyterhub$/, 'JupyterHub', 8000],
  [/^streamlit$/, 'Streamlit', 8501],
  [/^code-server$/, 'code-server', 8080],
  [/^hass$/, 'Home Assistant', 8123],
  [/^node-red(?:-pi)?$/, 'Node-RED', 1880],
  [/^reverb:start$/, 'Laravel Reverb', 8080],
  [/^websockets:serve$/, 'Laravel WebSockets', 6001],
  [/^soketi$/, 'Soketi', 6001],
]

/** The program behind a connection that needs WebSocket; null where none is known to be there. */
export function webSocketProgram(
  deployment: Deployment,
  { targets }: Pick<Connection, 'targets'>,
): WebSocketProgram | null {
  for (const target of targets) {
    const machine = target.machine ?? null
    const container = machine?.container ?? null
    if (container !== null && container.service.build === null) {
      const [, name] = IMAGES.find(([pattern]) => pattern.test(container.base ?? '')) ?? []
      if (name !== undefined) return { name, at: container.service.image?.at ?? container.service.at }
    }
    const program = serverBehind(target)
    const source = program?.server.sources.find(({ code }) => OF_WS.test(code))
    if (program !== null && source !== undefined)
      return { name: 'the application', at: program.server.at, script: source }
    if (machine === null || target.port === null) continue
    const started = startedOn(deployment).get(machine)?.get(target.port)
    if (started !== undefined) return started
  }
  return null
}

/** A script that answers WebSocket by itself, with the package `ws`. */
const OF_WS =
  /(?:require\(\s*|from\s+)['"]ws['"][\s\S]*\bnew\s+(?:WebSocketServer|WebSocket\.Server|Server)\b/

/** A program of Node.js that answers Socket.IO, whose clients begin with long polling and go on by it. */
export interface SocketIoProgram {
  /** Where it is started. */
  readonly at: Place
  /** The page that is told to connect by WebSocket alone, or the server to take nothing else; null where none is. */
  readonly withoutPolling: { readonly at: Place; readonly says: string } | null
}

export function socketIoProgram({ targets }: Pick<Connection, 'targets'>): SocketIoProgram | null {
  for (const target of targets) {
    const program = serverBehind(target)
    const source = program?.server.sources.find(each => socketIoServerPath(each) !== null)
    if (program === null || source === undefined || POLLING_ALONE.test(source.code)) continue
    const clients = clientsBeside(program, source)
    const alone = clients.find(({ at }) => WEBSOCKET_ALONE.test(at.source.code))
    const withoutPolling =
      alone === undefined
        ? takenAlone(source)
        : { at: alone.at, says: 'the pages connect to Socket.IO by WebSocket alone' }
    return { at: program.server.at, withoutPolling }
  }
  return null
}

/** Where a server is told to take nothing but WebSocket. */
function takenAlone(source: Source): SocketIoProgram['withoutPolling'] {
  const match = IMPORTS_CLIENT.test(source.code) ? null : WEBSOCKET_ALONE.exec(source.code)
  if (match === null) return null
  const at = matchedPlace(source, match)
  return { at, says: 'the application answers Socket.IO by WebSocket alone' }
}

/** A script that is a client, too, may say it of that. */
const IMPORTS_CLIENT = /['"]socket\.io-client['"]/

const WEBSOCKET_ALONE = /\btransports\s*:\s*\[\s*(['"`])websocket\1\s*,?\s*\]/
const POLLING_ALONE = /\btransports\s*:\s*\[\s*(['"`])polling\1\s*,?\s*\]/

/** The paths that FastAPI, Starlette or Quart gives to WebSocket by decorators of the application or of its routers. */
function webSocketRoutes(source: Source, application: string): readonly string[] {
  const code = withoutComments(source.code)
  // One with a prefix of its own is left aside.
  const included = new RegExp(String.raw`^${application}\.include_router\(\s*(\w+)\s*\)`, 'gm')
  const routers = [...code.matchAll(included)].flatMap(([, name = '']) =>
    new RegExp(String.raw`^${name}\s*=\s*(?:\w+\.)?APIRouter\(\s*\)`, 'm').test(code) ? [name] : [],
  )
  const names = [application, ...routers].join('|')
  const pattern = new RegExp(String.raw`^@(?:${names})\.websocket(?:_route)?\(\s*["'](/[^"'\n]*)["']`, 'gm')
  return [...code.matchAll(pattern)].map(([, path = '/']) => path)
}

const startedOn = memo((deployment: Deployment) => {
  const found = new Map<Machine, Map<number, WebSocketProgram>>()
  for (const command of deployment.commands) {
    const program = programOf(command)
    if (program === null) continue
    const ports = found.get(command.machine) ?? new Map<number, WebSocketProgram>()
    found.set(command.machine, ports)
    ports.set(program.port, program)
  }
  return found
})

function programOf({ words }: StartedCommand): (WebSocketProgram & { readonly port: number }) | null {
  for (const [at, word] of words.entries()) {
    // Behind an interpreter and its `-m` it is an argument.
    if (at > 2) break
    const [, name, port] = COMMANDS.find(([pattern]) => pattern.test(posix.basename(word.text))) ?? []
    if (name === undefined || port === undefined) continue
    const rest = words.slice(at + 1).map(({ text }) => text)
    return { name, at: placeOf(word), port: portIn(rest) ?? port }
  }
  return null
}

function portIn(words: readonly string[]): number | null {
  for (const [at, word] of words.entries()) {
    const match = /^(?:--(?:server\.|ServerApp\.|NotebookApp\.)?port|-p|--bind-addr)(?:=(.*))?$/.exec(word)
    const value = match === null ? undefined : (match[1] ?? words[at + 1])
    const port = /(?:^|:)(\d{1,5})$/.exec(value ?? '')?.[1]
    if (port !== undefined) return Number(port)
  }
  return null
}

/**
 * True where the module that answers is one of Django Channels, which says what takes WebSocket, or has such a route.
 *
 * @param prefix what of the site is proxied; null where a pattern says so
 */
export function routesWebSockets(
  deployment: Deployment,
  { targets }: Pick<Connection, 'targets'>,
  prefix: string | null,
): boolean {
  return targets.some(target => {
    const program = serverBehind(target)
    const loaded = program === null ? null : deployment.moduleOf(program)
    if (loaded?.attribute == null) return false
    const { attribute, script, source } = loaded
    const made = script?.made.get(attribute.replace(/\(.*$/, '()'))
    if (made !== undefined && /(?:^|\.)ProtocolTypeRouter$/.test(made)) return namesWebSocket(source)
    if (source === null || source === 'missing' || !/^[A-Za-z_]\w*$/.test(attribute)) return false
    return prefix !== null && webSocketRoutes(source, attribute).some(path => path.startsWith(prefix))
  })
}

/** A router of Channels that is given no consumers, `ProtocolTypeRouter({"http": …})`, takes plain HTTP alone. */
function namesWebSocket(source: Source | 'missing' | null): boolean {
  return source !== null && source !== 'missing' && /(["'])websocket\1/.test(source.code)
}

import { posix } from 'node:path'
import type { Source } from '../../parsers/text/source.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { indentationAt, insertBefore, propose, replacePlace } from '../../src/deployment/edits.ts'
import type { AppServerProgram } from '../../src/deployment/model.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { filesBelow, sourceAt } from '../../src/files/file-system.ts'
import { valueOrNull } from '../../src/servers/fact.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { serviceUnit } from '../app-server/_examples.ts'

const tree = (
  lines: string,
  { script = '', page = PAGE, pass = 'proxy_pass' }: { script?: string; page?: string; pass?: string } = {},
): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      location /live {
          proxy_http_version 1.1;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection "upgrade";
          ${lines}
          ${pass} http://127.0.0.1:4100;
      }
    `),
  ),
  'etc/systemd/system/shop.service': serviceUnit('/usr/bin/node server.js'),
  'etc/shop/server.js': conf`
    const { WebSocketServer } = require('ws')
    const wss = new WebSocketServer({ port: 4100, host: '127.0.0.1' })
    wss.on('connection', socket => socket.send('hello'))
    ${script}
  `,
  ...(page === '' ? {} : { 'etc/shop/public/page.js': page }),
})
const PAGE = conf`
  const socket = new WebSocket('wss://' + location.host + '/live')
  socket.onmessage = event => show(event.data)
`

export default defineRule({
  summary: 'nginx closes WebSockets that are quiet for a minute',
  severity: 'warning',
  otherSeverities: { info: 'where the page that opens the WebSocket is not seen' },
  confidence: 'medium',
  since: '0.1.0',
  why: '`proxy_read_timeout`, 60 seconds by itself, holds for a WebSocket, too: where the server sends nothing for so long, nginx closes it, and the page gets `onclose` with 1006. A ping of the server is enough to keep it open. The package `ws` of Node.js sends none by itself, and browsers cannot.',
  remedy:
    'Send a ping every half minute, as the documentation of `ws` shows, or set `proxy_read_timeout 1h;` for the location',
  references: [
    'https://nginx.org/en/docs/http/websocket.html',
    'https://github.com/websockets/ws#how-to-detect-and-close-broken-connections',
  ],
  unproven: 'The machines of the live tests have no package `ws`',
  bad: [
    { title: 'a server that only answers', files: tree('', { pass: '«proxy_pass»' }) },
    { title: 'half a minute', files: tree('proxy_read_timeout «30s»;') },
    { title: 'a page that nobody sees', files: tree('', { page: '', pass: '«proxy_pass»' }) },
  ],
  good: [
    { title: 'an hour', files: tree('proxy_read_timeout 1h;') },
    {
      title: 'pings',
      files: tree('', { script: 'setInterval(() => wss.clients.forEach(each => each.ping()), 30_000)' }),
    },
    {
      title: 'a page that opens it again',
      files: tree('', { page: PAGE.concat('socket.onclose = () => setTimeout(open, 1000)\n') }),
    },
    {
      title: 'a page that sends something now and then',
      files: tree('', { page: PAGE.concat("setInterval(() => socket.send('alive'), 20000)\n") }),
    },
  ],
  *check({ connections, programs }) {
    if (!programs.some(({ kind }) => kind === 'app-server')) return
    for (const { pass, headers, targets, readTimeout } of connections.http) {
      if (!headers.written.some(({ name }) => name === 'upgrade')) continue
      const waits = valueOrNull(readTimeout)
      if (waits === null || waits.value > LONG) continue
      for (const target of targets) {
        const program = serverBehind(target)
        const quiet = program === null ? null : quietServer(program)
        if (program === null || quiet === null) continue
        const page = pageOf(program)
        if (page === 'lively') continue
        const { directive, value } = waits
        const place = namePlace(pass)
        yield {
          at: directive === null ? place : argumentPlace(directive, 0),
          ...(page === null && { severity: 'info' as const }),
          message: `nginx closes a WebSocket on which the server sends nothing for ${value} seconds, and the server behind sends no pings`,
          label: directive === null ? 'no proxy_read_timeout' : 'holds for WebSockets, too',
          related: [{ at: program.server.binds[0]?.at ?? program.server.at, message: 'no ping here' }],
          ...propose('Wait an hour', 'unsafe', [
            directive === null
              ? insertBefore(place, `proxy_read_timeout 1h;\n${indentationAt(place)}`)
              : replacePlace(argumentPlace(directive, 0), '1h'),
          ]),
        }
      }
    }
  },
})

/** Seconds; who waits longer has thought of it. */
const LONG = 120

/** What keeps a WebSocket from being quiet, or opens it again. */
const LIVELY = /\bping\b|\bpong\b|setInterval|heart-?beat|keep-?alive|re-?connect/i

/** The script of a server of `ws` that sends nothing by itself; null for any other. */
function quietServer({ server }: AppServerProgram): Source | null {
  if (server.program !== 'node' || server.sources.some(({ code }) => LIVELY.test(code))) return null
  return (
    server.sources.find(({ code }) => /['"]ws['"]/.test(code) && /\bnew\s+[\w.]*Server\s*\(/.test(code)) ??
    null
  )
}

const REACH = { levels: 4, skipped: /^(?:node_modules|\..*)$/ }
const MOST = 300

/** What the scripts beside the server say of the page; null where none opens a WebSocket. */
function pageOf({ server, machine }: AppServerProgram): 'quiet' | 'lively' | null {
  const files = machine.container?.files ?? machine.files
  const [own] = server.sources
  let found: 'quiet' | null = null
  let count = 0
  for (const path of own === undefined ? [] : filesBelow(files, posix.dirname(own.path), REACH)) {
    if (!/\.(?:[cm]?[jt]sx?|html|vue|svelte)$/.test(path)) continue
    if (++count > MOST) return 'lively'
    const source = sourceAt(files, path)
    if (source === null || server.sources.includes(source) || !/\bnew\s+WebSocket\s*\(/.test(source.text))
      continue
    if (LIVELY.test(source.text) || /setTimeout/.test(source.text)) return 'lively'
    found = 'quiet'
  }
  return found
}

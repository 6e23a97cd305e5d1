import { posix } from 'node:path'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { NginxConnection } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { filesBelow, type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'

const tree = (
  endpoint: string,
  { environment = 'SECRET_KEY_BASE: x', more = '', name = 'example.org' } = {},
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      chat:
        build: .
        environment:
          ${environment}
      nginx:
        image: nginx:1.27
        ports: ["80:80"]
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf:ro
  `,
  'site.conf': conf`
    server {
        listen 80;
        server_name ${name};
        location / {
            proxy_pass http://chat:4000;
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
        }
    }
  `,
  Dockerfile: conf`
    FROM elixir:1.17 AS build
    WORKDIR /app
    COPY . .
    RUN mix deps.get && mix release

    FROM debian:bookworm-slim
    COPY --from=build /app/_build/prod/rel/chat /app
    CMD ["/app/bin/chat", "start"]
  `,
  'mix.exs': 'defp deps, do: [{:phoenix, "~> 1.7"}, {:phoenix_live_view, "~> 1.0"}]\n',
  'config/runtime.exs': conf`
    import Config

    if config_env() == :prod do
      ${more}
      config :chat, ChatWeb.Endpoint,
        ${endpoint}
    end
  `,
})
const SERVER = conf`
  url: [host: "example.org", port: 443, scheme: "https"],
  http: [ip: {0, 0, 0, 0, 0, 0, 0, 0}, port: 4000],
  server: true
`
const CLOSED = SERVER.replace(',\nserver: true', '')

export default defineRule({
  summary: 'The endpoint of Phoenix is not open to nginx, or not for the name of the site',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A release of Phoenix opens no port where neither `server: true` nor `PHX_SERVER` says so: nginx answers 502. On loopback of its container it is reached from nowhere else. And the websockets of LiveView and channels are taken from pages of the host in `url` alone: with another one they are 403, `Could not check origin for Phoenix.Socket transport`.',
  remedy:
    'Write `server: true`, `ip: {0, 0, 0, 0}` in a container, and the name of the site as `host` in `url`',
  references: [
    'https://hexdocs.pm/phoenix/releases.html',
    'https://hexdocs.pm/phoenix/Phoenix.Endpoint.html#module-runtime-configuration',
    'https://hexdocs.pm/phoenix/Phoenix.Endpoint.html#socket/3',
  ],
  unproven: 'The machines of the live tests have no Erlang',
  bad: [
    {
      title: 'a release that opens nothing',
      files: {
        ...tree(''),
        'config/runtime.exs': tree(CLOSED)['config/runtime.exs']!.replace(
          'ChatWeb.Endpoint',
          '«ChatWeb.Endpoint»',
        ),
      },
    },
    {
      title: 'loopback of the container',
      files: tree(SERVER.replace('{0, 0, 0, 0, 0, 0, 0, 0}', '«{127, 0, 0, 1}»')),
    },
    { title: 'another host', files: tree(SERVER.replace('"example.org"', '«"localhost"»')) },
    {
      title: 'a host of the environment, where none is set',
      files: tree(SERVER.replace('"example.org"', 'host'), {
        more: 'host = System.get_env("PHX_HOST") || «"example.com"»',
      }),
    },
  ],
  good: [
    { title: 'open, and for the name of the site', files: tree(SERVER) },
    {
      title: 'a variable that opens it',
      files: tree(CLOSED, {
        environment: 'PHX_SERVER: "true"',
        more: 'if System.get_env("PHX_SERVER"), do: config(:chat, ChatWeb.Endpoint, server: true)',
      }),
    },
    {
      title: 'a host of the environment',
      files: tree(SERVER.replace('"example.org"', 'host'), {
        environment: 'PHX_HOST: example.org',
        more: 'host = System.get_env("PHX_HOST") || "example.com"',
      }),
    },
    {
      title: 'origins of its own',
      files: tree(conf`
        check_origin: ["https://example.org"],
        ${SERVER.replace('"example.org"', '"localhost"')}
      `),
    },
    {
      title: 'origins of a socket',
      files: {
        ...tree(SERVER.replace('"example.org"', '"localhost"')),
        'lib/chat_web/endpoint.ex': conf`
          defmodule ChatWeb.Endpoint do
            use Phoenix.Endpoint, otp_app: :chat
            socket "/live", Phoenix.LiveView.Socket, websocket: [check_origin: :conn]
          end
        `,
      },
    },
    {
      title: 'endpoints that are all opened',
      files: tree(CLOSED, { more: 'config :phoenix, :serve_endpoints, true' }),
    },
    {
      title: 'a server for every name',
      files: tree(SERVER.replace('"example.org"', '"chat.example.net"'), { name: '_' }),
    },
  ],
  *check({ connections, machines }) {
    if (!machines.some(({ container }) => container !== null && isRelease(container))) return
    for (const connection of connections.nginx) {
      for (const { machine } of connection.targets) {
        const container = machine?.container ?? null
        if (container === null || machine === connection.from.machine || !isRelease(container)) continue
        for (const fault of faultsOf(container, connection))
          yield { ...fault, related: [{ at: namePlace(connection.pass), message: 'nginx connects here' }] }
      }
    }
  },
})

/** True for an image that starts a release which `mix` builds in an earlier stage. */
function isRelease({ image, service }: Container): boolean {
  const command = service.command === null ? image?.command : null
  if (service.entrypoint !== null || image === null || image.entrypoint !== null || command == null)
    return false
  const words =
    command.form === 'exec' ? command.words.map(({ text }) => text) : command.script.text.trim().split(/\s+/)
  return words.length === 2 && /(?:^|\/)bin\/\w+$/.test(words[0] ?? '') && words[1] === 'start'
}

interface Fault {
  readonly at: Place
  readonly message: string
  readonly label: string
  readonly aspect: string
}

const FILES = ['config/runtime.exs', 'config/prod.exs', 'config/config.exs']

function* faultsOf({ service, image, hostFiles }: Container, { server }: NginxConnection): Iterable<Fault> {
  const context = service.build?.context
  if (context?.known !== true || !context.value.startsWith('/')) return
  const given = serviceVariables(service, hostFiles)
  if (!given.complete) return
  const mix = sourceAt(hostFiles, posix.join(context.value, 'mix.exs'))
  if (mix === null || !/\{:phoenix,/.test(mix.code)) return
  const sources = FILES.flatMap(file => sourceAt(hostFiles, posix.join(context.value, file)) ?? [])
  const variables = new Set([...given.variables, ...(image?.environment ?? [])].map(({ name }) => name))
  const code = new Map(
    sources.map(source => [source, source.code.replace(/#(?!\{)[^\n]*/g, each => ' '.repeat(each.length))]),
  )
  const all = [...code.values()].join('\n')
  const runtime = sources.find(({ path }) => path.endsWith('/runtime.exs'))
  const endpoint =
    runtime === undefined ? null : /\bconfig[ (]+:\w+,\s*((?:\w+\.)*Endpoint),/.exec(code.get(runtime)!)
  if (runtime === undefined || endpoint === null) return
  const hasScript = hostFiles.kind(posix.join(context.value, 'rel')) !== null
  const opens = /\bserver:\s*(?!false)\S|:serve_endpoints,\s*(?!false)\S/.test(all)
  if (!opens && !variables.has('PHX_SERVER') && !hasScript) {
    const start = endpoint.index + endpoint[0].indexOf(endpoint[1]!)
    yield {
      at: { source: runtime, start, end: start + endpoint[1]!.length },
      message: 'a release opens no port without `server: true`, so nginx answers 502: Connection refused',
      label: 'no `server: true`',
      aspect: 'server',
    }
  }
  const ip = /\bhttp:\s*\[[^\]]*?\bip:\s*(\{\s*127,\s*0,\s*0,\s*1\s*\}|\{(?:\s*0,){7}\s*1\s*\})/.exec(
    code.get(runtime)!,
  )
  if (ip !== null) yield loopback(runtime, ip)
  // What has neither LiveView nor channels has no websockets to refuse.
  if (
    /\bcheck_origin:/.test(all) ||
    saysOrigins(hostFiles, posix.join(context.value, 'lib')) ||
    !/live_?view|presence|\bchannel/i.test(`${mix.code}${all}`)
  )
    return
  const host = hostOf(runtime, code.get(runtime)!, variables)
  const names = server.names.filter(({ exact }) => exact).map(({ name }) => name)
  if (host === null || names.length === 0 || names.length < server.names.length || names.includes(host.value))
    return
  if (!names.every(name => name.includes('.') && !/^\d|localhost|\.local$/.test(name))) return
  yield {
    at: host.at,
    message: `pages come from \`${names[0]}\`, and websockets are taken from \`${host.value}\` alone: 403`,
    label: 'another host',
    aspect: 'host',
  }
}

/** True where the endpoint itself says which origins a socket takes: `socket "/live", …, websocket: [check_origin: …]`. */
function saysOrigins(files: FileSystem, directory: string): boolean {
  const paths = [
    ...filesBelow(files, directory, { levels: 3, skipped: /^(?:components|templates|controllers)$/ }),
  ]
  return paths.some(
    path => path.endsWith('.ex') && sourceAt(files, path)?.text.includes('check_origin') === true,
  )
}

function loopback(source: Source, match: RegExpExecArray): Fault {
  const [whole, written = ''] = match
  const start = match.index + whole.length - written.length
  return {
    at: { source, start, end: start + written.length },
    message:
      'Phoenix listens on loopback of its container, which nginx in another one does not reach: Connection refused',
    label: 'loopback of the container',
    aspect: 'address',
  }
}

/** The host of `url`, as a literal, or as the default of a variable that nothing sets. */
function hostOf(
  source: Source,
  code: string,
  variables: ReadonlySet<string>,
): { readonly value: string; readonly at: Place } | null {
  const [all] = [...code.matchAll(/\burl:\s*\[[^\]]*?\bhost:\s*("[^"#]*"|[a-z_]\w*)/g)]
  if (all === undefined) return null
  const written = all[1]!
  if (written.startsWith('"')) {
    const start = all.index + all[0].length - written.length
    return { value: written.slice(1, -1), at: { source, start, end: start + written.length } }
  }
  const set = new RegExp(
    `^[ \\t]*${written}\\s*=\\s*System\\.get_env\\("(\\w+)"\\)\\s*\\|\\|\\s*("[^"#]*")|^[ \\t]*${written}\\s*=\\s*System\\.get_env\\("(\\w+)",\\s*("[^"#]*")\\)`,
    'm',
  ).exec(code)
  const name = set?.[1] ?? set?.[3]
  const value = set?.[2] ?? set?.[4]
  if (set === null || name === undefined || value === undefined || variables.has(name)) return null
  const start = set.index + set[0].lastIndexOf(value)
  return { value: value.slice(1, -1), at: { source, start, end: start + value.length } }
}

import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { MISSING, requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import { pathsInto } from '../../src/deployment/requests/paths-into.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { geos } from '../../src/servers/nginx/queries/geo.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { PASSES, readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { maps } from '../../src/servers/nginx/queries/maps.ts'
import { childrenNamed, hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { enclosingServer, isUnseenServer } from '../../src/servers/nginx/queries/servers.ts'
import { sampleTexts } from '../../src/servers/pcre/sample-texts.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string => nginxMain(nginxServer(lines))

export default defineRule({
  summary: 'A variable is empty where it is used, as no `set` was run on the way',
  severity: 'error',
  otherSeverities: { warning: 'where nginx goes on with the empty value' },
  confidence: 'high',
  since: '0.1.0',
  why: '`set` is run where a request comes by: not in an `if` whose condition does not hold, not behind a `rewrite … last` that matched, and not in the location around the one that answers. nginx then takes the variable as empty, writes `using uninitialized variable` into the log, and answers 500 where the address of a backend was to be made of it.',
  remedy:
    'Give it a value first, as `set $backend …;` before every condition, or make it by a `map` with a `default`',
  references: ['https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#set'],
  bad: [
    {
      title: 'in conditions alone',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              if ($cookie_release = blue) {
                  set $backend 127.0.0.1:9001;
              }
              if ($cookie_release = green) {
                  set $backend 127.0.0.1:9000;
              }
              proxy_pass «http://$backend»;
          }
        `),
      },
    },
    {
      title: 'behind a rewrite that ends the list',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          rewrite ^/old/(.*)$ /$1 last;
          set $backend 127.0.0.1:9000;
          location / {
              proxy_pass «http://$backend»;
          }
        `),
      },
    },
    {
      title: 'behind a rewrite of the location that ends the list',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /api/ {
              rewrite ^(.*?)/v3/(.*?)$ $1/v2/$2 break;
              set $backend 127.0.0.1:9000;
              proxy_pass «http://$backend»;
          }
        `),
      },
    },
    {
      title: 'in the location around',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              set $backend 127.0.0.1:9000;
              proxy_pass http://$backend;
              location /api/ {
                  proxy_pass «http://$backend»;
              }
          }
        `),
      },
    },
    {
      title: 'a header whose value is set in the location around',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              set $tenant shop;
              proxy_pass http://127.0.0.1:9000;
              location /api/ {
                  proxy_set_header X-Tenant «$tenant»;
                  proxy_pass http://127.0.0.1:9000;
              }
          }
        `),
      },
    },
    {
      title: 'in another server',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 80;
              server_name example.net;
              set $tenant shop;
              return 200 $tenant;
          }
          server {
              listen 80;
              server_name example.org;
              location / {
                  proxy_set_header X-Tenant «$tenant»;
                  proxy_pass http://127.0.0.1:9000;
              }
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'the value in front of the rewrite, or behind one that does not end the list',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location ~ ^/api/(v2|v3)/users {
              set $backend 127.0.0.1:9000;
              rewrite ^(.*?)/v3/(.*?)$ $1/v2/$2 break;
              proxy_pass http://$backend;
          }
          location ~ ^/files/(v2|v3)/ {
              rewrite ^(.*?)/v3/(.*?)$ $1/v2/$2;
              set $backend 127.0.0.1:9000;
              proxy_pass http://$backend;
          }
        `),
      },
    },
    {
      title: 'a line that nginx refuses by itself',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              location / {
                  set $backend 127.0.0.1 9000;
                  proxy_pass http://$backend;
              }
          }
        `,
      },
    },
    {
      title: 'a value first',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          set $backend 127.0.0.1:9000;
          set $tenant shop;
          rewrite ^/old/(.*)$ /$1 last;
          location / {
              if ($cookie_release = blue) {
                  set $backend 127.0.0.1:9001;
              }
              proxy_set_header X-Tenant $tenant;
              proxy_pass http://$backend;
              location /api/ {
                  proxy_set_header X-Tenant $tenant;
                  proxy_pass http://$backend;
              }
          }
        `),
      },
    },
    {
      title: 'conditions of which one holds',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              if ($cookie_release = blue) {
                  set $backend 127.0.0.1:9001;
              }
              if ($cookie_release != blue) {
                  set $backend 127.0.0.1:9000;
              }
              proxy_pass http://$backend;
          }
        `),
      },
    },
    {
      title: 'a location that is entered from the one that sets',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              set $backend 127.0.0.1:9000;
              try_files $uri @app;
          }
          location @app {
              proxy_pass http://$backend;
          }
          location /shop/ {
              set $tenant shop;
              rewrite ^ /shop/app/ last;
              location /shop/app/ {
                  proxy_set_header X-Tenant $tenant;
                  proxy_pass http://127.0.0.1:9000;
              }
          }
        `),
      },
    },
    {
      title: 'a header that is left out where its value is empty',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              if ($http_x_debug) {
                  set $debug on;
              }
              proxy_set_header X-Debug $debug;
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
  ],
  *check(deployment) {
    const { nginx: configurations, servers } = deployment
    for (const configuration of configurations) {
      const { occurrences } = configuration
      const sets = occurrences.get('set')
      if (sets === undefined || [...occurrences.keys()].some(name => SCRIPTED.test(name))) continue
      const byName = groupBy(sets, variableOf)
      const byServer = groupBy(sets, enclosingServer)
      const malformed = new Set(sets.filter(({ args }) => args.length !== 2).map(variableOf))
      const byDirective = serverIndex(servers)
      const said = new Set<NginxDirective>()
      for (const pass of PASSES.flatMap(name => occurrences.get(name) ?? [])) {
        const target = pass.args[0]?.value ?? ''
        if (!target.includes('$') || isUnknownWord(target)) continue
        const name = variableNames(target).find(each => byName.has(each))
        const home = enclosingServer(pass)
        const server = home === null ? undefined : byDirective.get(home)
        if (name === undefined || home === null || server === undefined) continue
        // nginx refuses such a line, and says so itself.
        if (malformed.has(name)) continue
        const path = failingPath(deployment, server, pass)
        if (path === null) continue
        said.add(pass)
        yield {
          at: argumentPlace(pass, 0),
          message: `a request for \`${path}\` comes here before \`$${name}\` is set: the address is empty, and nginx answers 500`,
          label: 'empty on some way',
          related: (byServer.get(home) ?? [])
            .filter(line => variableOf(line) === name)
            .map(line => ({ at: namePlace(line), message: 'not run on the way' })),
        }
      }
      yield* alwaysEmpty(configuration, { byName, byServer }, said)
    }
  },
})

/** What may give a variable a value without a line that says so. */
const SCRIPTED = /lua|^js_|^perl|^set_(?!real_ip)/

function variableOf({ args }: NginxDirective): string {
  return (args[0]?.value ?? '').replace(/^\$\{?|\}$/g, '').toLowerCase()
}

/** A path for which nginx finds no address in this pass; null where it finds one for all that are tried. */
function failingPath(deployment: Deployment, server: NginxServer, pass: NginxDirective): string | null {
  const { start, source } = argumentPlace(pass, 0)
  const paths =
    pass.parent === null
      ? []
      : [
          ...pathsInto(pass.parent).map(path => within(pass, path)),
          ...pathsRewritten(server.directive).slice(0, MOST),
          ...pathsRewritten(pass.parent)
            .slice(0, MOST)
            .map(path => below(locationAround(pass.parent), path)),
        ]
  for (const path of paths) {
    if (!path.startsWith('/')) continue
    const [request] = requestsToServer(deployment, server, path)
    if (request === undefined) return null
    const { end } = probe(deployment, request)
    if (end.kind !== 'status' || end.status !== 500 || end.by !== 'nginx') continue
    if (end.at !== null && end.at.source === source && end.at.start === start)
      return path.replace(MISSING, 'page')
  }
  return null
}

/** A path for each `rewrite` of a block behind which no other line of it is run. */
function pathsRewritten(block: NginxDirective): readonly string[] {
  return childrenNamed(block, 'rewrite').flatMap(({ args }) =>
    /^(?:last|break)$/.test(args[2]?.value ?? '')
      ? sampleTexts(args[0]?.value ?? '', { filler: MISSING })
          .texts.slice(0, 1)
          .map(text => fromBytes(text).replace(/^(?!\/)/, '/'))
      : [],
  )
}

/** A path of an expression that stands in the location of a prefix. */
function within({ parent }: NginxDirective, path: string): string {
  return below(locationAround(locationAround(parent)?.parent ?? null), path)
}

/** A path with the prefix of a location in front, where it has none. */
function below(location: NginxDirective | null, path: string): string {
  if (location === null) return path
  const { modifier, name } = readLocation(location)
  const isPrefix = (modifier === '' || modifier === '^~') && name.startsWith('/')
  return isPrefix && !path.startsWith(name) ? `${name.replace(/\/$/, '')}${path}` : path
}

/** As many rewrites of a server are tried. */
const MOST = 8

/** Lines that pass the value of a variable on, and where it stands in them. */
const USES = [
  ['proxy_set_header', 1],
  ['fastcgi_param', 1],
  ['uwsgi_param', 1],
  ['proxy_pass', 0],
  ['fastcgi_pass', 0],
  ['uwsgi_pass', 0],
  ['root', 0],
  ['alias', 0],
] as const

/** The `set` lines of a configuration. */
interface SetLines {
  readonly byName: ReadonlyMap<string, readonly NginxDirective[]>
  readonly byServer: ReadonlyMap<NginxDirective | null, readonly NginxDirective[]>
}

/** Values that are empty for every request, as the lines that set them are run for none. */
function* alwaysEmpty(
  configuration: NginxConfiguration,
  { byName, byServer }: SetLines,
  said: ReadonlySet<NginxDirective>,
): Generator<RuleFinding> {
  for (const [directive, index] of USES) {
    for (const line of configuration.occurrences.get(directive) ?? []) {
      const value = line.args[index]?.value ?? ''
      const block = line.parent
      if (!value.includes('$') || block === null || said.has(line) || isUnknownWord(value)) continue
      const server = enclosingServer(line)
      if (server === null) continue
      for (const name of variableNames(value)) {
        const sets = byName.get(name)
        if (sets === undefined || givenOtherwise(configuration).has(name)) continue
        const own = (byServer.get(server) ?? []).filter(set => variableOf(set) === name)
        if (!own.every(set => isAround(set, block)) || mayHoldMore(configuration, block)) continue
        yield {
          at: argumentPlace(line, index),
          severity: 'warning',
          message:
            own.length === 0
              ? `\`$${name}\` is set in another server alone, and always empty here`
              : `\`$${name}\` is set in the location around, whose \`set\` is not run for this one: it is always empty`,
          label: 'always empty',
          related: (own.length === 0 ? sets.slice(0, 1) : own).map(set => ({
            at: namePlace(set),
            message: 'set here',
          })),
        }
        break
      }
    }
  }
}

/** Names that a map, an address, a group of a pattern or an answer gives a value, by themselves or besides. */
const givenOtherwise = memo((configuration: NginxConfiguration): ReadonlySet<string> => {
  const { occurrences } = configuration
  const names = new Set([...maps(configuration).keys(), ...geos(configuration).keys()])
  for (const line of occurrences.get('auth_request_set') ?? []) names.add(variableOf(line))
  for (const directive of ['location', 'server_name', 'rewrite', 'if', 'map'])
    for (const { args, children } of occurrences.get(directive) ?? [])
      for (const text of [...args.map(({ value }) => value), ...children.map(child => child.name)])
        for (const [, name = ''] of text.matchAll(/\(\?P?[<'](\w+)[>']/g)) names.add(name.toLowerCase())
  return names
})

/** True for a `set` of a location around the one that a block belongs to, from where no line leads into it. */
function isAround(set: NginxDirective, block: NginxDirective): boolean {
  const from = locationAround(set.parent)
  const to = locationAround(block)
  if (from === null || to === null || from === to) return false
  for (let at = to.parent; at !== null; at = at.parent)
    if (at === from) return !from.children.some(({ name }) => LEADING.has(name))
  return false
}

/** What may take a request from one location to another. */
const LEADING: ReadonlySet<string> = new Set(['try_files', 'rewrite', 'error_page', 'index', 'include'])

function locationAround(block: NginxDirective | null): NginxDirective | null {
  for (let at = block; at !== null; at = at.parent) if (at.name === 'location') return at
  return null
}

function mayHoldMore(configuration: NginxConfiguration, block: NginxDirective): boolean {
  for (let at: NginxDirective | null = block; at !== null && at.context !== 'main'; at = at.parent) {
    if (isUnseenServer(at) || hasUnreadInclude(configuration, at)) return true
    if (at.name === 'server') return false
  }
  return true
}

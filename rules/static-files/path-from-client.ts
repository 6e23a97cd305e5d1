import { memo } from '../../parsers/collections/memo.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { valueParts, variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { enclosingServer, isUnseenServer } from '../../src/servers/nginx/queries/servers.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string => nginxMain(nginxServer(lines))

export default defineRule({
  summary: 'A client chooses the directory of the files that it gets',
  severity: 'error',
  otherSeverities: { warning: 'where a directory or a suffix behind the variable leaves less to choose' },
  confidence: 'high',
  securitySeverity: 8.6,
  cwe: [22],
  since: '0.1.0',
  why: 'nginx takes `..` out of the path of a URL, and out of nothing else: an argument, a cookie or a header stands in `root`, `alias` or `SCRIPT_FILENAME` as the client wrote it. `?user=../../etc` then leaves the directory, and any file that nginx may read is sent, or any script run.',
  remedy:
    'Choose by a `map` that lists the values, or refuse what is no plain name: `if ($arg_user !~ ^[a-z0-9]+$) { return 404; }`',
  references: ['https://cwe.mitre.org/data/definitions/22.html'],
  bad: [
    {
      title: 'an argument',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /download/ {
              alias «/srv/files/$arg_user/»;
          }
        `),
      },
    },
    {
      title: 'a header, by way of another variable',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          set $tenant $http_x_tenant;
          root «/srv/files/$tenant»;
        `),
      },
    },
    {
      title: 'a cookie, and a directory behind it',
      files: {
        'etc/nginx/nginx.conf': nginx('root «/srv/files/$cookie_tenant/public»;'),
      },
    },
    {
      title: 'the script that is run',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              include fastcgi_params;
              fastcgi_param SCRIPT_FILENAME «/srv/www/pages/$arg_page.php»;
              fastcgi_pass unix:/run/php/site.sock;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'who has logged in',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /download/ {
              auth_basic "Files";
              auth_basic_user_file /etc/nginx/users;
              alias /srv/files/$remote_user/;
          }
        `),
      },
    },
    {
      title: 'a plain name alone',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /download/ {
              if ($arg_user !~ "^[a-z0-9]+$") {
                  return 404;
              }
              alias /srv/files/$arg_user/;
          }
        `),
      },
    },
    {
      title: 'a list of names',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          conf`
            map $cookie_tenant $tenant {
                default main;
                blue blue;
            }
          `,
          nginxServer('root /srv/files/$tenant;'),
        ]),
      },
    },
    { title: 'the name of the host', files: { 'etc/nginx/nginx.conf': nginx('root /srv/files/$host;') } },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      const { occurrences } = configuration
      for (const [name, index] of PATHS) {
        for (const line of occurrences.get(name) ?? []) {
          const value = line.args[index]?.value ?? ''
          if (!value.includes('$') || line.parent === null) continue
          if (name === 'fastcgi_param' && line.args[0]?.value !== 'SCRIPT_FILENAME') continue
          const variable = chosenBy(configuration, line, value)
          if (variable === null) continue
          const rest = value.slice(value.indexOf(variable) + variable.length).replace(/^\}/, '')
          yield {
            at: argumentPlace(line, index),
            severity: /^\/?$/.test(rest) || index === 1 ? 'error' : 'warning',
            message: `\`$${originOf(configuration, line, variable)}\` is what the client writes, and \`..\` in it leaves this directory`,
            label: 'any directory',
          }
        }
      }
    }
  },
})

/** Lines with the path of a file, and where it stands in them. */
const PATHS = [
  ['root', 0],
  ['alias', 0],
  ['fastcgi_param', 1],
] as const

/** What a client writes as it likes. */
const FROM_CLIENT = /^(?:arg_|cookie_|http_(?!host$))\w/

/** The first variable of a path that a client fills and nothing looks at; null for none. */
function chosenBy(configuration: NginxConfiguration, line: NginxDirective, value: string): string | null {
  for (const part of valueParts(value)) {
    if (part.kind !== 'variable') continue
    const origin = originOf(configuration, line, part.name)
    if (!FROM_CLIENT.test(origin)) continue
    const asked = askedVariables(configuration)
    if (!asked.has(origin) && !asked.has(part.name)) return part.name
  }
  return null
}

/** The variable that another one is a copy of, by a single `set` of the server; itself otherwise. */
function originOf({ occurrences }: NginxConfiguration, line: NginxDirective, name: string): string {
  const home = enclosingServer(line)
  if (FROM_CLIENT.test(name) || home === null || isUnseenServer(home)) return name
  const sets = (occurrences.get('set') ?? []).filter(
    ({ args }) => args[0]?.value.toLowerCase() === `$${name}`,
  )
  const [only] = sets
  if (only === undefined || sets.length > 1 || enclosingServer(only) !== home) return name
  const text = only.args[1]?.value ?? ''
  const [origin, ...others] = variableNames(text)
  return origin !== undefined && others.length === 0 && /^\$\{?\w+\}?$/.test(text) ? origin : name
}

/** Variables that some condition or table looks at, and may refuse. */
const askedVariables = memo(({ occurrences }: NginxConfiguration): ReadonlySet<string> => {
  const names = new Set<string>()
  for (const name of ['if', 'map'])
    for (const { args } of occurrences.get(name) ?? [])
      for (const { value } of args.slice(0, name === 'map' ? 1 : undefined))
        for (const variable of variableNames(value)) names.add(variable)
  return names
})

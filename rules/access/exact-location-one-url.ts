import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { serversAround } from '../../src/deployment/build/servers.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { placeText } from '../../parsers/text/source.ts'
import { askServer, isOpen } from '../../src/deployment/requests/ask-server.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { serverAround } from '../../src/servers/nginx/queries/servers.ts'
import { effectivePass } from '../../src/servers/nginx/queries/proxy-target.ts'
import { restrictedLocations, restriction } from './_restricted-locations.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      ${lines}
  }
`

/** Handlers that answer one URL, below which nothing lies. */
const HANDLERS = new Set([
  'stub_status',
  'return',
  'empty_gif',
  'vhost_traffic_status_display',
  'api',
  'echo',
])

export default defineRule({
  summary: 'An exact location restricts access to one URL where a directory is meant',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [863],
  since: '0.1.0',
  why: '`location = /private/` matches that very URL. `/private/report.pdf` is answered by another location, and nobody is kept out of it.',
  remedy: 'Write `location ^~ /private/`, which holds for everything below',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#location'],
  bad: [
    {
      title: 'a directory',
      files: {
        'nginx.conf': site(conf`
          location «=» /private/ {
              allow 10.0.0.0/8;
              deny all;
          }
        `),
      },
    },
    {
      title: 'the pages of a backend',
      files: {
        'nginx.conf': site(conf`
          location «=» /admin/ {
              auth_basic "Admins";
              auth_basic_user_file /etc/nginx/htpasswd;
              proxy_pass http://127.0.0.1:9000;
          }
          location / {
              proxy_pass http://127.0.0.1:9000;
          }
        `),
        'etc/nginx/htpasswd': conf`admin:$apr1$x$y`,
      },
    },
    {
      title: 'the history of the source code',
      files: {
        'nginx.conf': site(conf`
          location «=» /.git {
              return 404;
          }
          location / {
              try_files $uri $uri/ =404;
          }
        `),
      },
    },
    {
      title: 'the history of the source code, denied',
      files: {
        'nginx.conf': site(conf`
          location «=» /.git {
              deny all;
          }
          location / {
              try_files $uri $uri/ =404;
          }
        `),
      },
    },
    {
      title: 'the same without a slash',
      files: {
        'nginx.conf': site(conf`
          location «=» /admin {
              allow 10.0.0.0/8;
              deny all;
              proxy_pass http://127.0.0.1:9000;
          }
          location / {
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'a prefix',
      files: {
        'nginx.conf': site(conf`
          location ^~ /private/ {
              allow 10.0.0.0/8;
              deny all;
          }
        `),
      },
    },
    {
      title: 'one page',
      files: {
        'nginx.conf': site(conf`
          location = /metrics {
              allow 10.0.0.0/8;
              deny all;
              proxy_pass http://127.0.0.1:9000;
          }
          location / {
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
    {
      title: 'one script',
      files: {
        'nginx.conf': site(conf`
          location = /wp-login.php {
              allow 10.0.0.0/8;
              deny all;
          }
        `),
      },
    },
    {
      title: 'the history of the source code with what is in it, and a page that went away',
      files: {
        'nginx.conf': site(conf`
          location = /.git {
              return 404;
          }
          location ~ /\. {
              deny all;
          }
          location = /.htaccess {
              return 404;
          }
          location = /backup {
              return 404;
          }
        `),
      },
    },
    {
      title: 'the prefix is closed too',
      files: {
        'nginx.conf': site(conf`
          location = /private/ {
              allow 10.0.0.0/8;
              deny all;
          }
          location /private/ {
              deny all;
          }
        `),
      },
    },
    {
      title: 'a handler with nothing below it',
      files: {
        'nginx.conf': site(conf`
          location = /status/ {
              allow 10.0.0.0/8;
              deny all;
              stub_status;
          }
        `),
      },
    },
    {
      title: 'another program answers what lies below',
      files: {
        'nginx.conf': site(conf`
          location = /metrics/ {
              deny all;
              proxy_pass http://127.0.0.1:9100;
          }
          location / {
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
  ],
  *check(deployment) {
    yield* historiesServed(deployment)
    for (const { server, location, rule, isAnswered } of restrictedLocations(deployment)) {
      if (isAnswered) continue
      const { directive, modifier, name } = location
      if (modifier !== '=' || name === '/' || !(name.endsWith('/') || DIRECTORIES.test(name))) continue
      if (directive.children.some(child => HANDLERS.has(child.name))) continue
      const below = name.endsWith('/') ? name : `${name}/`
      const path = `${below}${EXISTING}.html`
      const answer = askServer(deployment, server, path)
      if (answer === null || isOpen(answer) !== true) continue
      const pass = effectivePass(server.configuration, directive)
      const { end } = answer
      // What another program answers is no part of what is closed here.
      if (pass === null ? end.kind !== 'file' : end.kind !== 'pass' || !isSame(pass, end.target.directive))
        continue
      const at = argumentPlace(directive, 0)
      yield {
        at: directive.args.length > 1 ? at : location.at,
        message: `\`location = ${name}\` is this one URL alone, so ${restriction(rule)} does not apply to what lies below, such as \`${below}page.html\``,
        label: 'nothing below it',
        related: [{ at: namePlace(rule), message: 'does not apply there' }],
        ...(directive.args.length > 1 && placeText(at) === '='
          ? propose('Hold for everything below', 'unsafe', [replacePlace(at, '^~')])
          : {}),
      }
    }
  },
})

/** What nobody closes for one page alone. */
const DIRECTORIES =
  /\/(?:(?:wp-)?admin|administrator|(?:php|pg)[-_]?(?:my)?admin|private|secret|secure|internal|manage(?:r|ment)?|backend|backoffice|panel|staff)$/i

/** `.git` and its like that are hidden, and their files not. */
function* historiesServed(deployment: Deployment): Generator<RuleFinding> {
  const servers = serversAround(deployment)
  for (const { occurrences } of deployment.nginx) {
    for (const directive of occurrences.get('location') ?? []) {
      const { modifier, name } = readLocation(directive)
      if (modifier !== '=' || directive.args.length < 2 || !/\/\.(?:git|svn|hg|bzr)\/?$/.test(name)) continue
      const [line, ...others] = directive.children.filter(child => child.name !== 'access_log')
      if (line === undefined || others.length > 0) continue
      const value = line.args[0]?.value ?? ''
      if (!(line.name === 'return' && /^4\d\d$/.test(value)) && !(line.name === 'deny' && value === 'all'))
        continue
      const home = serverAround(directive)
      const server = home === null ? undefined : servers.get(home)
      const path = `${name.replace(/\/$/, '')}/config`
      const answer =
        server === undefined
          ? null
          : askServer(deployment, server, path, { existing: [], assume: () => 'file' })
      if (answer === null || isOpen(answer) !== true || answer.end.kind !== 'file') continue
      const at = argumentPlace(directive, 0)
      yield {
        at,
        message: `\`location = ${name}\` is this one URL alone, and \`${path}\` is served`,
        label: 'nothing below it',
        related: [{ at: namePlace(line), message: 'does not apply there' }],
        ...(placeText(at) === '='
          ? propose('Hold for everything below', 'unsafe', [replacePlace(at, '^~')])
          : {}),
      }
    }
  }
}

type Pass = NonNullable<ReturnType<typeof effectivePass>>

function isSame(one: Pass, other: Pass): boolean {
  return one.args[0]?.value === other.args[0]?.value
}

import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { addressAccess } from '../../src/servers/nginx/queries/access.ts'
import { effectiveAtHand, effectiveValue } from '../../src/servers/nginx/queries/effective.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'

const site = (lines: string): Record<string, string> => ({
  'nginx.conf': conf`
    server {
        listen 80;
        server_name example.org;
        root /srv/www;
        auth_basic "Shop";
        auth_basic_user_file /etc/nginx/passwd;
        ${lines}
    }
  `,
})
const OFFICE = conf`
  allow 198.51.100.0/24;
  deny all;
`

export default defineRule({
  summary: 'A location is to be open, and of password and addresses one is still asked for',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`auth_basic off` in a location takes the password away, and leaves the `deny all` that it inherits: with `satisfy any` on the server the addresses are then all that counts, and the one place that was to be open to everybody answers everybody else with 403. So does a challenge of an ACME authority, or a webhook. `allow all` for these leaves the password, which they do not have: 401.',
  remedy: 'Write both into the location: `auth_basic off;` and `allow all;`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#satisfy',
    'https://nginx.org/en/docs/http/ngx_http_access_module.html',
  ],
  bad: [
    {
      title: 'an address or a password, and a location without a password',
      files: site(conf`
        satisfy any;
        ${OFFICE}
        location /hooks/ {
            auth_basic «off»;
        }
      `),
    },
    {
      title: 'the challenge of an authority, which comes from anywhere',
      files: site(conf`
        ${OFFICE}
        location ^~ /.well-known/acme-challenge/ {
            auth_basic «off»;
        }
      `),
    },
    {
      title: 'the same, for every address and with the password of the server',
      files: site(conf`
        location ^~ /.well-known/acme-challenge/ {
            allow «all»;
        }
      `),
    },
  ],
  good: [
    {
      title: 'both',
      files: site(conf`
        satisfy any;
        ${OFFICE}
        location /hooks/ {
            auth_basic off;
            allow all;
        }
      `),
    },
    {
      title: 'addresses of its own',
      files: site(conf`
        satisfy any;
        ${OFFICE}
        location /hooks/ {
            auth_basic off;
            allow 203.0.113.0/24;
            deny all;
        }
      `),
    },
    {
      title: 'a page for the office alone, which needs no password beside that',
      files: site(conf`
        ${OFFICE}
        location /status {
            auth_basic off;
        }
      `),
    },
    {
      title: 'one of them is enough for the challenge',
      files: site(conf`
        satisfy any;
        location ^~ /.well-known/acme-challenge/ {
            allow all;
        }
      `),
    },
    {
      title: 'a server without addresses',
      files: site(conf`
        satisfy any;
        location /hooks/ {
            auth_basic off;
        }
      `),
    },
    {
      title: 'robots may stay outside',
      files: site(conf`
        location = /robots.txt {
            allow all;
        }
      `),
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      const { occurrences } = configuration
      if (!occurrences.has('auth_basic')) continue
      for (const off of occurrences.get('auth_basic') ?? []) yield* stillDenied(configuration, off)
      for (const all of occurrences.get('allow') ?? []) yield* stillAsked(configuration, all)
    }
  },
})

/** What comes from anywhere and has no password. */
const OF_OTHERS = /^\^?\/?\\?\/(?:\\?\.well-known\/acme-challenge|(?:[\w-]+\/)*(?:web)?hooks?(?:\/|$))/

function* stillDenied(configuration: NginxConfiguration, off: NginxDirective): Iterable<RuleFinding> {
  const location = off.parent
  if (location?.name !== 'location' || off.args[0]?.value !== 'off' || answersAtOnce(location)) return
  if (location.children.some(({ name }) => name === 'allow' || name === 'deny')) return
  const access = addressAccess(configuration, location)
  if (!access.known || access.value.kind === 'open' || hasUnreadInclude(configuration, location)) return
  const any = effectiveValue(configuration, location, 'satisfy', 'all')
  const isAny = any.known && any.value === 'any'
  if (!isAny && !OF_OTHERS.test(readLocation(location).name)) return
  const { by } = access.value
  yield {
    at: argumentPlace(off, 0),
    message: `\`${by.name} ${by.args[0]?.value}\` still holds here, so every other address is answered with 403${isAny ? ': with `satisfy any` a password would have let it in' : ''}`,
    label: 'no password, and the addresses are left',
    related: [{ at: namePlace(by), message: 'inherited by the location' }],
    help: 'Write `allow all;` beside it',
  }
}

function* stillAsked(configuration: NginxConfiguration, all: NginxDirective): Iterable<RuleFinding> {
  const location = all.parent
  if (location?.name !== 'location' || all.args[0]?.value !== 'all' || answersAtOnce(location)) return
  if (!OF_OTHERS.test(readLocation(location).name)) return
  if (location.children.some(({ name }) => ['auth_basic', 'satisfy', 'deny'].includes(name))) return
  const password = effectiveAtHand(configuration, location, 'auth_basic')
  const line = password.known ? password.value.directives.at(-1) : undefined
  if (line === undefined || line.args[0]?.value === 'off' || hasUnreadInclude(configuration, location)) return
  const any = effectiveAtHand(configuration, location, 'satisfy')
  if (!any.known || any.value.directives.length > 0) return
  yield {
    at: argumentPlace(all, 0),
    message: '`auth_basic` still holds here, so a request without the password is answered with 401',
    label: 'every address, and the password is left',
    related: [{ at: namePlace(line), message: 'inherited by the location' }],
    help: 'Write `auth_basic off;` beside it',
  }
}

/** True where the location answers before anybody is asked for anything. */
function answersAtOnce({ children }: NginxDirective): boolean {
  return children.some(({ name }) => name === 'return')
}

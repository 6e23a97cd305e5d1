import type { Place } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { pathsInto } from '../../src/deployment/requests/paths-into.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'
import { headerLinesOf } from './_header-lines.ts'

const nginx = (lines: string, outside = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    ${outside}
    ${nginxServer(conf`
      location / {
          add_header Access-Control-Allow-Origin https://shop.example.org always;
          add_header Access-Control-Allow-Headers Authorization always;
          ${lines}
          proxy_pass http://127.0.0.1:8099;
          proxy_set_header Host $host;
      }
    `)}
  `),
  'etc/nginx/staff': 'ann:{PLAIN}secret\n',
})
const apache = (requirement: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ProxyPass / http://127.0.0.1:8099/
          Header always set Access-Control-Allow-Origin https://shop.example.org
          Header always set Access-Control-Allow-Headers Authorization
          <Location />
              AuthType Basic
              AuthName API
              AuthUserFile /etc/apache2/staff
              ${requirement}
          </Location>
      </VirtualHost>
    `,
    [
      'headers',
      'proxy',
      'proxy_http',
      'authn_core',
      'authn_file',
      'auth_basic',
      'authz_user',
      'allowmethods',
    ],
  ),
  'etc/apache2/staff': 'ann:$apr1$exampleA$xfaYOKTMKIbagoBtezE9D0\n',
})

/** The same for one path of the site. */
const belowPath = (requirement: string): Record<string, string> => ({
  ...apache(''),
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ProxyPass / http://127.0.0.1:8099/
          <Location /api>
              AuthType Basic
              AuthName API
              AuthUserFile /etc/apache2/staff
              <IfModule mod_headers.c>
                  Header always set Access-Control-Allow-Origin https://shop.example.org
                  Header always set Access-Control-Allow-Headers Authorization
              </IfModule>
              ${requirement}
          </Location>
      </VirtualHost>
    `,
    ['headers', 'proxy', 'proxy_http', 'authn_core', 'authn_file', 'auth_basic', 'authz_user'],
  ),
})

/** Files that Apache itself sends, where `/` is the index of a directory. */
const feeds = (requirement: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/feeds
          Header always set Access-Control-Allow-Origin https://shop.example.org
          Header always set Access-Control-Allow-Headers Authorization
          <Directory /srv/feeds>
              AuthType Basic
              AuthName Feeds
              AuthUserFile /etc/apache2/staff
              ${requirement}
          </Directory>
      </VirtualHost>
    `,
    ['headers', 'dir', 'authn_core', 'authn_file', 'auth_basic', 'authz_user'],
  ),
  'srv/feeds/index.html': '<p>feeds\n',
  'etc/apache2/staff': 'ann:$apr1$exampleA$xfaYOKTMKIbagoBtezE9D0\n',
})

export default defineRule({
  summary: 'Browsers ask in advance without a password, and are refused',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Before a request of another site with an `Authorization` header, or by a method such as `PUT`, browsers send `OPTIONS` without any credentials, and go on only if it is answered with a 2xx status. A password is asked for it as well, so it is answered with 401, and no script of the other site ever reaches the application: `Response to preflight request doesn’t pass access control check`.',
  remedy:
    'Answer `OPTIONS` before the password is asked for: `if ($request_method = OPTIONS) { … return 204; }` in nginx, `Require method OPTIONS` beside the other `Require` in Apache',
  references: [
    'https://fetch.spec.whatwg.org/#cors-preflight-fetch',
    'https://httpd.apache.org/docs/2.4/mod/mod_authz_core.html#reqmethod',
  ],
  bad: [
    {
      title: 'nginx asks for a password',
      files: nginx(conf`
        «auth_basic» API;
        auth_basic_user_file /etc/nginx/staff;
      `),
    },
    {
      title: 'nginx asks for a password, and names the site alone',
      files: Object.fromEntries(
        Object.entries(
          nginx(conf`
            «auth_basic» API;
            auth_basic_user_file /etc/nginx/staff;
          `),
        ).map(([path, text]) => [path, text.replace(/ *add_header Access-Control-Allow-Headers.*\n/, '')]),
      ),
    },
    { title: 'Apache asks for a password', files: apache('«Require valid-user»') },
    { title: 'Apache asks for a password for a directory', files: feeds('«Require valid-user»') },
    { title: 'Apache asks for a password for one path', files: belowPath('«Require valid-user»') },
  ],
  good: [
    {
      title: 'fonts of a site that is closed as a whole',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            auth_basic Preview;
            auth_basic_user_file /etc/nginx/staff;
            root /srv/www;
            location ~ \.woff2$ {
                add_header Access-Control-Allow-Origin *;
            }
          `),
        ),
      },
    },
    {
      title: 'the password that the browser has by itself',
      files: Object.fromEntries(
        Object.entries(
          nginx(conf`
            add_header Access-Control-Allow-Credentials true always;
            auth_basic API;
            auth_basic_user_file /etc/nginx/staff;
          `),
        ).map(([path, text]) => [path, text.replace(/ *add_header Access-Control-Allow-Headers.*\n/, '')]),
      ),
    },
    {
      title: 'the method is enough for one path',
      files: belowPath(conf`
        <LimitExcept OPTIONS>
            Require valid-user
        </LimitExcept>
      `),
    },
    {
      title: 'the method is enough for a directory, too',
      files: feeds('Require method OPTIONS\nRequire valid-user'),
    },
    {
      title: 'a realm that is off for what browsers ask in advance',
      files: nginx(
        conf`
          auth_basic $realm;
          auth_basic_user_file /etc/nginx/staff;
        `,
        conf`
          map $request_method $realm {
              OPTIONS off;
              default API;
          }
        `,
      ),
    },
    {
      title: 'answered before',
      files: nginx(conf`
        if ($request_method = OPTIONS) {
            add_header Access-Control-Allow-Origin https://shop.example.org always;
            add_header Access-Control-Allow-Headers Authorization always;
            return 204;
        }
        auth_basic API;
        auth_basic_user_file /etc/nginx/staff;
      `),
    },
    { title: 'the method is enough', files: apache('Require method OPTIONS\nRequire valid-user') },
    {
      title: 'a page of its own site',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            auth_basic API;
            auth_basic_user_file /etc/nginx/staff;
            root /srv/www;
          `),
        ),
      },
    },
  ],
  *check(deployment) {
    for (const server of deployment.servers) {
      const { occurrences } = server.configuration
      if (!occurrences.has('auth_basic') && !occurrences.has('auth_request')) continue
      for (const line of directivesByServer(server.configuration, 'add_header').get(server.directive) ?? []) {
        const path = line.parent === null ? undefined : pathsInto(line.parent)[0]
        if (path === undefined || !(isForPreflight(line.args[0]?.value) || isForScripts(line))) continue
        const answer = askServer(deployment, server, path, { request: { method: 'OPTIONS' } })
        yield* refused(answer?.end, argumentPlace(line, 0))
      }
    }
    for (const asked of hostsHolding(deployment, ['authtype'])) {
      for (const { directive, name, nameAt, value } of headerLinesOf(asked)) {
        if (value === null || !isForPreflight(name)) continue
        const path = pathOfLine(directive)
        if (path !== null) yield* refused(askHost(deployment, asked, path, { method: 'OPTIONS' }).end, nameAt)
      }
    }
  },
})

/** A path for which the line holds: that of its `<Location>`; null where an expression decides it. */
function pathOfLine({ parent }: ApacheDirective): string | null {
  let section = parent
  while (section !== null && !/^Location/i.test(section.name)) section = section.parent
  if (section === null) return '/'
  const { kind, text } = sectionPattern(section)
  return kind === 'plain' && text.startsWith('/') ? text : null
}

/** Headers that no browser looks at but in the answer to what it asks in advance. */
function isForPreflight(name: string | undefined): boolean {
  return /^access-control-allow-(?:headers|methods)$/i.test(name ?? '')
}

/**
 * True where scripts of another site may read what a backend answers, and no browser sends the password that it has by
 * itself: then each of their requests has an `Authorization` of its own, for which it asks in advance.
 */
function isForScripts({ args, parent }: NginxDirective): boolean {
  if (args[0]?.value.toLowerCase() !== 'access-control-allow-origin' || parent?.name !== 'location')
    return false
  const beside = parent.children
  return (
    beside.some(({ name }) => /^(?:proxy|fastcgi|uwsgi|grpc|scgi)_pass$/.test(name)) &&
    !beside.some(
      ({ name, args: [header] }) => name === 'add_header' && /allow-credentials$/i.test(header?.value ?? ''),
    )
  )
}

function* refused(
  end: ReturnType<typeof askHost>['end'] | NonNullable<ReturnType<typeof askServer>>['end'] | undefined,
  header: Place,
): Iterable<RuleFinding> {
  if (end?.kind !== 'response' || end.status !== 401) return
  yield {
    at: end.at ?? header,
    message:
      '`OPTIONS` is answered with 401: browsers send it without a password, before the request that has one',
    related: end.at === null ? [] : [{ at: header, message: 'for scripts of another site' }],
  }
}

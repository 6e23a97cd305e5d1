import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { askServer, isOpen } from '../../src/deployment/requests/ask-server.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import type { NginxLocation } from '../../src/servers/nginx/queries/locations.ts'
import { isDirectlyIn } from '../../src/servers/nginx/queries/servers.ts'
import { restrictedLocations, restriction } from './_restricted-locations.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      ${lines}
  }
`
const PHP = conf`
  location ~ \.php$ {
      fastcgi_pass 127.0.0.1:9000;
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
  }
`

export default defineRule({
  summary: '`rewrite` or `return` answers before `allow`, `deny` or a password is asked for',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [863],
  since: '0.1.0',
  why: 'nginx runs the rewrite phase before the access phase. A `return` in the same location answers everybody, and a `rewrite … last` of the server leaves for another location before the one that restricts access is found.',
  remedy:
    'Move the `rewrite` into the locations that need it, or restrict access in the location that answers in the end; in place of `return`, answer with a file or by `try_files`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_rewrite_module.html',
    'https://nginx.org/en/docs/dev/development_guide.html#http_phases',
  ],
  bad: [
    {
      title: 'a text for some addresses',
      files: {
        'nginx.conf': site(conf`
          location /token {
              allow 10.0.0.0/8;
              deny all;
              «return» 200 "secret";
          }
        `),
      },
    },
    {
      title: 'a front controller that the whole server rewrites to',
      files: {
        'nginx.conf': site(conf`
          «rewrite» ^(.*)$ /index.php?$1 last;
          location /admin/ {
              allow 10.0.0.0/8;
              deny all;
          }
          ${PHP}
        `),
      },
    },
    {
      title: 'a front controller that the location itself rewrites to',
      files: {
        'nginx.conf': site(conf`
          location /admin/ {
              auth_basic "Admins";
              auth_basic_user_file /etc/nginx/htpasswd;
              «rewrite» ^ /index.php last;
          }
          ${PHP}
        `),
        'etc/nginx/htpasswd': conf`admin:$apr1$x$y`,
      },
    },
  ],
  good: [
    {
      title: 'a refusal, which needs no other',
      files: {
        'nginx.conf': site(conf`
          location /token {
              deny all;
              return 404;
          }
        `),
      },
    },
    {
      title: 'a redirect, which gives nothing away',
      files: {
        'nginx.conf': site(conf`
          location /admin {
              allow 10.0.0.0/8;
              deny all;
              return 301 /admin/;
          }
        `),
      },
    },
    {
      title: 'rewritten where nobody is kept out',
      files: {
        'nginx.conf': site(conf`
          location / {
              rewrite ^(.*)$ /index.php?$1 last;
          }
          location /admin/ {
              allow 10.0.0.0/8;
              deny all;
          }
          ${PHP}
        `),
      },
    },
    {
      title: 'rewritten to a place that asks for the password',
      files: {
        'nginx.conf': site(conf`
          rewrite ^/old/(.*)$ /admin/$1 last;
          location /admin/ {
              auth_basic "Admins";
              auth_basic_user_file /etc/nginx/htpasswd;
          }
        `),
        'etc/nginx/htpasswd': conf`admin:$apr1$x$y`,
      },
    },
    {
      title: 'a page for those who are refused',
      files: {
        'nginx.conf': site(conf`
          error_page 403 /403.html;
          location /admin/ {
              allow 10.0.0.0/8;
              deny all;
          }
          location = /403.html {
          }
        `),
      },
    },
    {
      title: 'a front controller that is looked for behind the password',
      files: {
        'nginx.conf': site(conf`
          location /admin/ {
              auth_basic "Admins";
              auth_basic_user_file /etc/nginx/htpasswd;
              rewrite ^/admin/old/(.*)$ /admin/$1 last;
              proxy_pass http://127.0.0.1:9000;
          }
          location /api/ {
              proxy_pass http://127.0.0.1:9000;
          }
        `),
        'etc/nginx/htpasswd': conf`admin:$apr1$x$y`,
      },
    },
    {
      title: 'everybody is let in',
      files: {
        'nginx.conf': site(conf`
          location = /.well-known/notice {
              allow all;
              return 200 "public";
          }
        `),
      },
    },
  ],
  *check(deployment) {
    for (const { server, location, rule, isAnswered } of restrictedLocations(deployment)) {
      const related = [
        { at: namePlace(rule), message: 'never asked' },
        { at: location.at, message: 'restricts access' },
      ]
      const answer = isAnswered ? answeredAlways(location.directive) : null
      if (answer !== null) {
        yield {
          at: namePlace(answer),
          message: `\`return\` answers every request for \`${location.name}\` before ${restriction(rule)} is looked at`,
          label: 'the rewrite phase comes first',
          related,
        }
        continue
      }
      const rewrite = leftBefore(deployment, server, location)
      if (rewrite === null) continue
      yield {
        at: namePlace(rewrite),
        message: `\`rewrite\` takes \`${location.name}\` to another location before ${restriction(rule)} is looked at`,
        label: 'the rewrite phase comes first',
        related: [...related, { at: argumentPlace(rewrite, 1), message: 'answers instead' }],
      }
    }
  },
})

/** A `return` with content that nothing in the block comes before. */
function answeredAlways({ children }: NginxDirective): NginxDirective | null {
  const first = children.find(({ name }) => ['return', 'if', 'rewrite', 'break'].includes(name))
  if (first?.name !== 'return') return null
  const [status, text] = first.args
  return /^2\d\d$/.test(status?.value ?? '') && (text?.value ?? '') !== '' ? first : null
}

/** The `rewrite` by which a request that is meant for a location ends, open to anybody, in another one. */
function leftBefore(
  deployment: Deployment,
  server: NginxServer,
  { directive, modifier, name }: NginxLocation,
): NginxDirective | null {
  if ((modifier !== '' && modifier !== '^~') || !isDirectlyIn(directive, server.directive)) return null
  // Most servers and locations rewrite nothing themselves.
  const mayLeave = (block: NginxDirective): boolean =>
    block.children.some(child => child.name === 'rewrite' || child.name === 'if')
  if (!mayLeave(server.directive) && !mayLeave(directive)) return null
  const answer = askServer(deployment, server, `${name}${name.endsWith('/') ? '' : '/'}${EXISTING}`)
  if (answer === null || isOpen(answer) !== true) return null
  const visited = answer.steps.filter(step => step.kind === 'location').map(step => step.directive)
  if (visited.at(-1) === directive) return null
  const by = answer.steps.find(step => step.kind === 'rewrite' || step.kind === 'location')
  if (by?.kind === 'rewrite') return visited.includes(directive) ? null : by.directive
  // A rewrite of the location itself leaves it before it restricts anything.
  if (visited[0] !== directive) return null
  const own = answer.steps.find(step => step.kind === 'rewrite')?.directive ?? null
  return own?.parent === directive ? own : null
}

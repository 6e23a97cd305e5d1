import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { insertBefore, propose } from '../../src/deployment/edits.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { askServer, isOpen } from '../../src/deployment/requests/ask-server.ts'
import { locationPath } from '../../src/deployment/requests/location-path.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { locationIndex, type NginxLocation } from '../../src/servers/nginx/queries/locations.ts'
import { effectivePass } from '../../src/servers/nginx/queries/proxy-target.ts'
import { selectLocation } from '../../src/servers/nginx/queries/select-location.ts'
import { isDirectlyIn } from '../../src/servers/nginx/queries/servers.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { sampleTexts } from '../../src/servers/pcre/sample-texts.ts'
import { fromBytes, toBytes } from '../../src/servers/regex.ts'
import { isAsset } from '../_static-assets.ts'
import { isSentThere } from './_roots-by-path.ts'
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

/** What answers every URL of a location, so that no script lies below it. */
const HANDLERS = new Set([
  'stub_status',
  'return',
  'empty_gif',
  'vhost_traffic_status_display',
  'api',
  'echo',
])

export default defineRule({
  summary: 'A regular expression takes requests from a location that restricts access',
  severity: 'warning',
  otherSeverities: { info: 'where only style sheets, scripts, pictures and fonts are taken' },
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [863],
  since: '0.1.0',
  why: 'nginx prefers a matching regular expression to a prefix. `location ~ \\.php$` answers `/admin/index.php`, and what `location /admin/` says of passwords and addresses does not apply to it.',
  remedy:
    'Write `location ^~ …`, which keeps regular expressions out, and repeat in it what scripts need; or nest the regular expression in the location',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#location'],
  bad: [
    {
      title: 'scripts of a directory with a password',
      files: {
        'nginx.conf': site(conf`
          location «/admin/» {
              auth_basic "Admins";
              auth_basic_user_file /etc/nginx/htpasswd;
          }
          ${PHP}
        `),
        'etc/nginx/htpasswd': conf`admin:$apr1$x$y`,
      },
    },
    {
      title: "scripts that the snippet of Debian's package runs, which nobody keeps",
      files: {
        'etc/nginx/sites-enabled/shop': site(conf`
          location «/admin/» {
              auth_basic "Admins";
              auth_basic_user_file /etc/nginx/htpasswd;
          }
          location ~ \.php$ {
              include snippets/fastcgi-php.conf;
              fastcgi_pass unix:/run/php/php8.2-fpm.sock;
          }
        `),
      },
    },
    {
      title: 'a directory that is closed to everybody',
      files: {
        'nginx.conf': site(conf`
          location «/vendor» {
              deny all;
          }
          ${PHP}
        `),
      },
    },
    {
      title: 'locations that servers include',
      files: {
        'locations.conf': conf`
          location «/admin/» {
              auth_basic "Admins";
              auth_basic_user_file /etc/nginx/htpasswd;
              proxy_pass http://127.0.0.1:9000;
          }
          location ~ \.(php|json)$ {
              proxy_pass http://127.0.0.1:9000;
          }
        `,
      },
    },
    {
      title: 'a program in a directory of its own, whose scripts an `if` finds',
      files: {
        'nginx.conf': site(conf`
          location «/phpmyadmin/» {
              root /usr/share;
              allow 10.8.0.0/24;
              deny all;
          }
          location ~ \.php$ {
              set $docroot /srv/www;
              if ($uri ~ ^/phpmyadmin/) {
                  set $docroot /usr/share;
              }
              fastcgi_pass unix:/run/php/php-fpm.sock;
              fastcgi_param SCRIPT_FILENAME $docroot$fastcgi_script_name;
          }
        `),
      },
    },
    {
      title: 'the same by `root` in the `if`, and by an alias',
      files: {
        'nginx.conf': site(conf`
          location «/pma» {
              alias /usr/share/pma;
              auth_basic "Admins";
              auth_basic_user_file /etc/nginx/htpasswd;
          }
          location ~ \.php$ {
              if ($request_uri ~* "^/pma") {
                  root /usr/share;
              }
              fastcgi_pass unix:/run/php/php-fpm.sock;
              fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          }
        `),
        'etc/nginx/htpasswd': conf`admin:$apr1$x$y`,
      },
    },
    {
      title: 'the same by a `map`',
      files: {
        'nginx.conf': conf`
          map $uri $docroot {
              default        /srv/www;
              ~^/phpmyadmin/ /usr/share;
          }
          ${site(conf`
            location «/phpmyadmin/» {
                root /usr/share;
                allow 10.8.0.0/24;
                deny all;
            }
            location ~ \.php$ {
                root $docroot;
                fastcgi_pass unix:/run/php/php-fpm.sock;
                fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
            }
          `)}
        `,
      },
    },
    {
      title: 'pictures beside a password',
      files: {
        'nginx.conf': site(conf`
          location «/private/» {
              allow 10.0.0.0/8;
              deny all;
          }
          location ~* \.(png|css)$ {
              expires 30d;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'regular expressions kept out, scripts inside',
      files: {
        'nginx.conf': site(conf`
          location ^~ /admin/ {
              auth_basic "Admins";
              auth_basic_user_file /etc/nginx/htpasswd;
              ${PHP}
          }
          ${PHP}
        `),
        'etc/nginx/htpasswd': conf`admin:$apr1$x$y`,
      },
    },
    {
      title: 'a fragment that keeps them out',
      files: {
        'locations.conf': conf`
          location ^~ /admin/ {
              auth_basic "Admins";
              auth_basic_user_file /etc/nginx/htpasswd;
              proxy_pass http://127.0.0.1:9000;
          }
          location ~ \.(js|json)$ {
              proxy_pass http://127.0.0.1:9000;
          }
        `,
      },
    },
    {
      title: 'the whole server asks for a password',
      files: {
        'nginx.conf': site(conf`
          auth_basic "Admins";
          auth_basic_user_file /etc/nginx/htpasswd;
          location /admin/ {
              allow 10.0.0.0/8;
              deny all;
              ${PHP}
          }
          ${PHP}
        `),
        'etc/nginx/htpasswd': conf`admin:$apr1$x$y`,
      },
    },
    {
      title: 'an exception that is written for the location',
      files: {
        'nginx.conf': site(conf`
          location /admin/ {
              deny all;
          }
          location ~ ^/admin/(public|health)/ {
          }
        `),
      },
    },
    {
      title: 'an expression that denies as well, with a page for it',
      files: {
        'nginx.conf': site(conf`
          error_page 403 = /errors/denied.php;
          location /private/ {
              deny all;
          }
          location ~ /errors/\w+\.php$ {
              fastcgi_pass unix:/run/php/php-fpm.sock;
              fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          }
          location ~* (\.php$|\.git) {
              deny all;
          }
        `),
      },
    },
    {
      title: 'files of another directory than the scripts',
      files: {
        'nginx.conf': site(conf`
          location /downloads/ {
              auth_basic "Customers";
              auth_basic_user_file /etc/nginx/htpasswd;
              alias /srv/downloads/;
          }
          ${PHP}
        `),
        'etc/nginx/htpasswd': conf`admin:$apr1$x$y`,
      },
    },
    {
      title: 'a program whose scripts are looked for elsewhere, or that an `if` refuses',
      files: {
        'nginx.conf': site(conf`
          location /phpmyadmin/ {
              root /usr/share;
              allow 10.8.0.0/24;
              deny all;
          }
          location ~ \.php$ {
              set $docroot /srv/www;
              if ($uri ~ ^/wiki/) {
                  set $docroot /usr/share;
              }
              fastcgi_pass unix:/run/php/php-fpm.sock;
              fastcgi_param SCRIPT_FILENAME $docroot$fastcgi_script_name;
          }
        `),
        'other.conf': site(conf`
          location /pma/ {
              root /usr/share;
              deny all;
          }
          location ~ \.php$ {
              if ($uri ~ ^/pma/) {
                  return 403;
              }
              fastcgi_pass unix:/run/php/php-fpm.sock;
              fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          }
        `),
      },
    },
    {
      title: 'an extension that chooses a release of PHP, which no application has',
      files: {
        'nginx.conf': site(conf`
          location /admin/ {
              auth_basic admin;
              auth_basic_user_file /etc/nginx/admins;
              location ~ \.php$ {
                  fastcgi_pass unix:/run/php/php-fpm.sock;
                  fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
              }
          }
          location ~ \.php82$ {
              fastcgi_pass unix:/run/php/php8.2-fpm.sock;
              fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          }
        `),
      },
    },
    {
      title: 'the numbers of nginx itself',
      files: {
        'nginx.conf': site(conf`
          location /nginx_status {
              stub_status;
              allow 127.0.0.1;
              deny all;
          }
          ${PHP}
        `),
      },
    },
    {
      title: 'a backend of its own',
      files: {
        'nginx.conf': site(conf`
          location /metrics/ {
              deny all;
              proxy_pass http://127.0.0.1:9100;
          }
          ${PHP}
        `),
      },
    },
    {
      title: 'one file, and what a version control system keeps',
      files: {
        'nginx.conf': site(conf`
          location /.htpasswd {
              deny all;
          }
          location /setup.ini {
              deny all;
          }
          location /.git {
              deny all;
          }
          ${PHP}
        `),
      },
    },
    {
      title: 'pictures kept beside the others',
      files: {
        'nginx.conf': site(conf`
          location ^~ /private/ {
              allow 10.0.0.0/8;
              deny all;
          }
          location ~* \.(png|css)$ {
              expires 30d;
          }
        `),
      },
    },
  ],
  *check(deployment) {
    for (const { server, location, rule, isAnswered } of restrictedLocations(deployment)) {
      if (isAnswered) continue
      if (
        location.modifier !== '' ||
        holdsNoPages(location.name) ||
        !isDirectlyIn(location.directive, server.directive)
      )
        continue
      for (const { location: other } of locationIndex(server.directive).regexes) {
        const taken = takenFrom(deployment, server, location, other)
        if (taken === null) continue
        const areAssets = taken.every(isAsset)
        const [path = ''] = taken
        yield {
          at: location.at,
          severity: areAssets ? 'info' : 'warning',
          message: `\`location ${other.modifier} ${other.name}\` answers \`${path.replace(EXISTING, 'page')}\`, so ${restriction(rule)} does not apply to it`,
          label: 'regular expressions come first',
          related: [
            { at: other.at, message: 'answers in its place' },
            { at: namePlace(rule), message: 'does not apply there' },
          ],
          ...(areAssets
            ? propose('Keep regular expressions out', 'unsafe', [insertBefore(location.at, '^~ ')])
            : {}),
        }
      }
    }
  },
})

/** True for the name of a file, below which nothing lies, and for what holds neither pages nor scripts. */
function holdsNoPages(name: string): boolean {
  return /\/(?:\.(?:ht\w*|env|git\w*|svn|hg|bzr|user\.ini|DS_Store)|[\w-]+\.(?:ini|ya?ml|json|lock|xml|sql|log|txt|md|conf))\/?$/.test(
    name,
  )
}

/** `.php82`, by which a page that tries several releases of PHP chooses one: no application calls its scripts so. */
const OF_ONE_PHP = /\.php\d\d$/

/** Paths below a location that a regular expression answers to anybody; null for none, and for what is meant so. */
function takenFrom(
  deployment: Deployment,
  server: NginxServer,
  location: NginxLocation,
  other: NginxLocation,
): readonly string[] | null {
  const prefix = locationPath(other.directive)
  // An expression that begins with a path of its own is an exception that somebody made.
  if (prefix !== null && prefix !== '/') return null
  if (!isSameContent(server, location.directive, other.directive)) return null
  const directory = location.name.endsWith('/') ? location.name : `${location.name}/`
  const paths: string[] = []
  for (const text of sampleTexts(other.name, { caseless: other.modifier === '~*' }).texts) {
    const sample = fromBytes(text)
    // What does not begin with a dot names a path, and is written for that.
    if (!/^[/x]*\.[A-Za-z0-9]+$/.test(sample) || OF_ONE_PHP.test(sample)) continue
    const path = `${directory}${EXISTING}${sample.replace(/^[/x]*/, '')}`
    const selected = selectLocation(server.configuration, server.directive, toBytes(path))
    if (!selected.known || selected.value.location?.directive !== other.directive) continue
    const answer = askServer(deployment, server, path)
    if (answer === null || isOpen(answer) !== true) return null
    paths.push(path)
  }
  return paths.length === 0 ? null : paths
}

/** True where the expression answers with what the location keeps: the same files, scripts or backend. */
function isSameContent(
  { configuration }: NginxServer,
  location: NginxDirective,
  other: NginxDirective,
): boolean {
  if (location.children.some(({ name }) => HANDLERS.has(name))) return false
  const own = effectivePass(configuration, location)
  const pass = effectivePass(configuration, other)
  if (own !== null)
    return own.name === 'proxy_pass' && pass !== null && own.args[0]?.value === pass.args[0]?.value
  // A script that has one name answers whatever the path is.
  if (pass !== null && pass.name !== 'fastcgi_pass') return false
  if (pass !== null && isOneScript(configuration, other)) return true
  if (isSentThere(configuration, location, other)) return true
  const base = fileBase(configuration, location)
  const otherBase = fileBase(configuration, other)
  if (!base.known || !otherBase.known) return false
  return base.value.directive === otherBase.value.directive || base.value.path === otherBase.value.path
}

function isOneScript(configuration: NginxServer['configuration'], location: NginxDirective): boolean {
  const parameters = effective(configuration, location, 'fastcgi_param')
  if (!parameters.known) return false
  const script = parameters.value.directives.findLast(({ args }) => args[0]?.value === 'SCRIPT_FILENAME')
  const value = script?.args[1]?.value ?? '$document_root$fastcgi_script_name'
  return variableNames(value).every(name => name === 'document_root')
}

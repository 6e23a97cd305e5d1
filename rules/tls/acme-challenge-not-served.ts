import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import { acmeWebroots } from '../../src/deployment/acme-challenges.ts'
import { indentationAt, insertBefore, propose } from '../../src/deployment/edits.ts'
import type { ApacheConnection, Deployment, Machine } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import type { FollowedRequest } from '../../src/deployment/requests/answer.ts'
import { clientRequest, EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { probeRedirects } from '../../src/deployment/requests/probe.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { argumentPlace as apacheArgument } from '../../src/servers/apache/queries/places.ts'
import type { Related } from '../../src/servers/problem.ts'
import { apacheMain } from '../_examples.ts'
import { aliasedWebroots } from './_aliased-webroots.ts'
import { askedWebroots } from './_asked-webroots.ts'
import { challengeAliases } from './_challenge-aliases.ts'
import { answerOfLoneHost } from './_challenge-of-lone-host.ts'
import { lonelyWebroots, webrootsInContainer } from './_certbot-container.ts'
import { CHALLENGE, servedNames } from './_challenges.ts'

const RENEWAL = {
  'etc/letsencrypt/renewal/example.org.conf': conf`
    version = 2.1.0
    [renewalparams]
    authenticator = webroot
    [[webroot_map]]
    example.org = /srv/www
  `,
}
const site = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        server {
            listen 80;
            server_name example.org;
            root /srv/www;
            ${lines}
        }
    }
  `,
  ...RENEWAL,
})
const apache = (lines: string, modules: readonly string[] = []): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          <Directory /srv/www>
              Require all granted
          </Directory>
          ${lines}
      </VirtualHost>
    `,
    ['authz_host', 'alias', 'proxy', 'proxy_http', 'rewrite', ...modules],
  ),
  ...RENEWAL,
})

const wsgiHost = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          <Directory /srv>
              Require all granted
          </Directory>
          ${lines}
      </VirtualHost>
    `,
    ['alias', 'wsgi'],
  ),
})

const loneHost = (lines: string): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      DocumentRoot /var/www/html
      ${lines}
  </VirtualHost>
`

const contained = (lines: string, certbot = ''): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        ports:
          - "80:80"
          - "443:443"
        volumes:
          - ./nginx:/etc/nginx/conf.d:ro
          - ./certbot/conf:/etc/letsencrypt:ro
          - ./certbot/www:/var/www/certbot:ro
      certbot:
        image: certbot/certbot
        volumes:
          - ./certbot/conf:/etc/letsencrypt
          - ./certbot/www:/var/www/certbot
        ${certbot}
      app:
        image: example/app
        expose:
          - "9000"
  `,
  'nginx/default.conf': conf`
    server {
        listen 80;
        server_name example.org;
        ${lines}
    }
    server {
        listen 443 ssl;
        server_name example.org;
        ssl_certificate /etc/letsencrypt/live/example.org/fullchain.pem;
        ssl_certificate_key /etc/letsencrypt/live/example.org/privkey.pem;
        location / {
            proxy_pass http://app:9000;
        }
    }
  `,
})

const challengeIn = (root: string): string => conf`
  location /.well-known/acme-challenge/ {
      root ${root};
  }
`

const staging = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/staging
          Alias /.well-known/acme-challenge/ /srv/www/.well-known/acme-challenge/
          <Location />
              AuthType Basic
              AuthName staging
              AuthUserFile /srv/users
              ${lines === '' ? '«Require valid-user»' : 'Require valid-user'}
          </Location>
          ${lines}
      </VirtualHost>
    `,
    ['alias', 'authn_core', 'authn_file', 'auth_basic', 'authz_user', 'dir'],
  ),
  'srv/users': 'staff:{SHA}x',
})

const aliased = (path: string, directory: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        server {
            listen 80;
            server_name shop.example.org;
            root /srv/shop;
            location ${path} {
                alias ${directory};
            }
        }
    }
  `,
})
const apacheAlias = (directory: string): string =>
  apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName shop.example.org
          DocumentRoot /srv/shop
          Alias /.well-known/acme-challenge/ ${directory}
          <Directory /srv>
              Require all granted
          </Directory>
      </VirtualHost>
    `,
    ['alias'],
  )
const CLI_INI = {
  'etc/letsencrypt/cli.ini': conf`
    authenticator = webroot
    webroot-path = /srv/acme
  `,
}

export default defineRule({
  summary: 'The challenge by which certbot renews a certificate is not served',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'certbot puts a file below `.well-known/acme-challenge` into its webroot, and the authority asks for it over plain HTTP. A password, a rule against hidden files, a proxy, another root or another site answers in its place: the certificate is not renewed, and expires.',
  remedy:
    'In nginx, add `location ^~ /.well-known/acme-challenge/` with the webroot as `root`, and `auth_basic off` or `allow all` where access is restricted; in Apache, `ProxyPass /.well-known/acme-challenge/ !` and a section that grants it',
  references: [
    'https://letsencrypt.org/docs/challenge-types/#http-01-challenge',
    'https://eff-certbot.readthedocs.io/en/stable/using.html#webroot',
  ],
  bad: [
    {
      title: 'an alias to the webroot itself',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
              server {
                  listen 80;
                  server_name shop.example.org;
                  root /srv/shop;
                  include snippets/letsencrypt.conf;
              }
          }
        `,
        'etc/nginx/snippets/letsencrypt.conf': conf`
          location ^~ /.well-known/acme-challenge/ {
              default_type text/plain;
              alias «/srv/acme/»;
          }
        `,
        'etc/letsencrypt/cli.ini': conf`
          authenticator = webroot
          webroot-path = /srv/acme
        `,
      },
    },
    {
      title: 'an alias to the webroot that a table of cron names',
      files: {
        ...aliased('/.well-known/', '«/srv/acme/»'),
        'etc/cron.d/certbot': conf`
          0 3 * * * root certbot certonly --keep --webroot -w /srv/acme -d shop.example.org
        `,
      },
    },
    {
      title: 'an Alias of Apache to the webroot itself',
      files: {
        'etc/apache2/apache2.conf': apacheAlias('«/srv/acme/»'),
        'root/renew.sh': conf`
          #!/bin/sh
          certbot certonly --webroot \
              --webroot-path /srv/acme \
              -d shop.example.org
        `,
      },
    },
    {
      title: 'hidden files are denied',
      files: site(conf`
        location ~ «/\.» {
            deny all;
        }
      `),
    },
    {
      title: 'a password for everything',
      files: {
        ...site(conf`
          «auth_basic» "Private";
          auth_basic_user_file /etc/nginx/htpasswd;
        `),
        'etc/nginx/htpasswd': conf`admin:$apr1$x$y`,
      },
    },
    {
      title: 'an application gets all requests',
      files: site(conf`
        location / {
            proxy_pass «http://127.0.0.1:9000»;
        }
      `),
    },
    {
      title: 'another root',
      files: site(conf`
        location «/.well-known/» {
            root /srv/other;
        }
      `),
    },
    {
      title: 'another server has port 80',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
              server {
                  listen 80 default_server;
                  «return» 444;
              }
              server {
                  listen 443 ssl;
                  server_name example.org;
                  ssl_certificate /etc/letsencrypt/live/example.org/fullchain.pem;
                  ssl_certificate_key /etc/letsencrypt/live/example.org/privkey.pem;
                  root /srv/www;
              }
          }
        `,
        ...RENEWAL,
      },
    },
    {
      title: 'redirected to TLS, where the application answers',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
              server {
                  listen 80;
                  server_name example.org;
                  return 301 https://$host$request_uri;
              }
              server {
                  listen 443 ssl;
                  server_name example.org;
                  ssl_certificate /etc/letsencrypt/live/example.org/fullchain.pem;
                  ssl_certificate_key /etc/letsencrypt/live/example.org/privkey.pem;
                  location / {
                      proxy_pass «http://127.0.0.1:9000»;
                  }
              }
          }
        `,
        ...RENEWAL,
      },
    },
    {
      title: 'another document root',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 80
            <VirtualHost *:80>
                ServerName example.org
                DocumentRoot «/srv»
                <Directory /srv>
                    Require all granted
                </Directory>
            </VirtualHost>
          `,
          ['authz_host'],
        ),
        ...RENEWAL,
      },
    },
    {
      title: 'mod_wsgi takes every path, and a script names the webroot',
      files: {
        ...wsgiHost('«WSGIScriptAlias» / /srv/guestbook/wsgi.py'),
        'deploy/get-certificate.sh': conf`
          #!/bin/sh
          certbot certonly --webroot --webroot-path /srv/www \
              --domain example.org --agree-tos --non-interactive
        `,
      },
    },
    {
      title: 'a virtual host alone, and the webroot in a variable of the script',
      files: {
        'guestbook.conf': loneHost('«WSGIScriptAlias» / /srv/guestbook/wsgi.py'),
        'deploy/get-certificate.sh': conf`
          DOMAIN=example.org
          sudo certbot certonly --webroot -w /var/www/html -d $DOMAIN
        `,
      },
    },
    {
      title: 'mod_wsgi takes every path, and a playbook names the webroot',
      files: {
        ...wsgiHost('«WSGIScriptAlias» / /srv/guestbook/wsgi.py'),
        'ansible/certificate.yml': conf`
          - hosts: web
            tasks:
              - name: certificate
                ansible.builtin.command: >
                  certbot certonly --webroot -w /srv/www
                  -d example.org -d www.example.org
                args:
                  creates: /etc/letsencrypt/live/example.org/fullchain.pem
        `,
      },
    },
    {
      title: 'everything is proxied, and cron asks for the certificate',
      files: {
        'etc/nginx/nginx.conf': site(conf`
          location / {
              proxy_pass «http://127.0.0.1:9000»;
          }
        `)['etc/nginx/nginx.conf']!,
        'etc/cron.d/certbot': conf`
          0 3 * * 1 root certbot certonly --keep --webroot -w /srv/www -d example.org
        `,
      },
    },
    {
      title: 'certbot in a container, and the webroot under another URL',
      files: contained(conf`
        location «/.well-known/acme-challenge/» {
            root /var/www/html;
        }
      `),
    },
    {
      title: 'certbot in a container, and everything proxied',
      files: contained(
        conf`
          location / {
              proxy_pass «http://app:9000»;
          }
        `,
        'command: certonly --webroot -w /var/www/certbot -d example.org',
      ),
    },
    {
      title: 'certbot in a container, and an alias that leaves the path out',
      files: {
        ...contained('', 'command: renew --webroot -w /var/www/certbot'),
        'nginx/default.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location «/.well-known/acme-challenge/» {
                  alias /var/www/certbot/;
              }
          }
        `,
      },
    },
    {
      title: 'certbot in a container that writes into another directory',
      files: {
        ...contained(
          challengeIn('/var/www/certbot'),
          'command: certonly --webroot -w /var/www/certbot -d example.org',
        ),
        'docker-compose.yml': contained('', 'command: certonly --webroot -w /var/www/certbot -d example.org')[
          'docker-compose.yml'
        ]!.replace(/- (.\/certbot\/www:.*)(?=\n +command)/, '- «./certbot/webroot:/var/www/certbot»'),
      },
    },
    {
      title: 'certbot in a container that keeps its webroot to itself',
      files: {
        ...contained(
          challengeIn('/var/www/certbot'),
          'command: «certonly --webroot -w /srv/webroot -d example.org»',
        ),
      },
    },
    {
      title: 'Apache sends everything to an application',
      files: apache('ProxyPass / «http://127.0.0.1:9000/»'),
    },
    {
      title: 'Apache asks for a password everywhere',
      files: staging(''),
    },
    {
      title: 'Apache denies hidden files',
      files: apache(conf`
        <LocationMatch "/\.">
            «Require all denied»
        </LocationMatch>
      `),
    },
  ],
  good: [
    {
      title: 'an alias to the directory of the challenges',
      files: {
        ...aliased('/.well-known/acme-challenge/', '/srv/acme/.well-known/acme-challenge/'),
        ...CLI_INI,
      },
    },
    {
      title: 'an alias for what writes into the directory itself',
      files: {
        ...aliased('/.well-known/acme-challenge/', '/srv/acme/'),
        ...CLI_INI,
        'etc/dehydrated/config': conf`
          WELLKNOWN=/srv/acme
        `,
      },
    },
    {
      title: 'an alias to another directory than the webroot',
      files: { ...aliased('/.well-known/acme-challenge/', '/srv/tiny/'), ...CLI_INI },
    },
    {
      title: 'a webroot where names are proven by DNS',
      files: {
        ...aliased('/.well-known/acme-challenge/', '/srv/acme/'),
        'etc/letsencrypt/cli.ini': conf`
          authenticator = dns-cloudflare
          webroot-path = /srv/acme
        `,
      },
    },
    {
      title: 'certbot in a container, whose directories have other names',
      files: {
        ...aliased('/.well-known/acme-challenge/', '/srv/acme/'),
        'etc/cron.d/certbot': conf`
          0 3 * * * root docker run -v /srv/acme:/srv/acme/.well-known/acme-challenge certbot/certbot certonly --webroot -w /srv/acme -d shop.example.org
        `,
      },
    },
    {
      title: 'a command that is a comment',
      files: {
        ...aliased('/.well-known/acme-challenge/', '/srv/acme/'),
        'root/renew.sh': conf`
          #!/bin/sh
          # certbot certonly --webroot -w /srv/acme -d shop.example.org
          acme-tiny --acme-dir /srv/acme > cert.pem
        `,
      },
    },
    {
      title: 'an Alias of Apache to the directory of the challenges',
      files: {
        'etc/apache2/apache2.conf': apacheAlias('/srv/acme/.well-known/acme-challenge/'),
        ...CLI_INI,
      },
    },
    {
      title: 'a location for the challenge',
      files: site(conf`
        location ^~ /.well-known/acme-challenge/ {
        }
        location ~ /\. {
            deny all;
        }
      `),
    },
    {
      title: 'hidden files, but for well-known ones',
      files: site(conf`
        location ~ /\.(?!well-known) {
            deny all;
        }
      `),
    },
    {
      title: 'certbot in a container, and its webroot',
      files: contained(conf`
        location /.well-known/acme-challenge/ {
            root /var/www/certbot;
        }
        location / {
            return 301 https://$host$request_uri;
        }
      `),
    },
    {
      title: 'certbot in a container with a directory above its webroot in common',
      files: {
        ...contained(
          challengeIn('/srv/www/certbot'),
          'command: certonly --webroot -w /data/certbot -d example.org',
        ),
        'docker-compose.yml': contained('', 'command: certonly --webroot -w /data/certbot -d example.org')
          ['docker-compose.yml']!.replace('- ./certbot/www:/var/www/certbot:ro', '- ./www:/srv/www:ro')
          .replace('- ./certbot/www:/var/www/certbot', '- ./www/certbot:/data/certbot'),
      },
    },
    {
      title: 'certbot in a container that listens itself',
      files: contained(
        conf`
          location / {
              proxy_pass http://app:9000;
          }
        `,
        'command: certonly --standalone -d example.org',
      ),
    },
    {
      title: 'certbot in a container that is told of another name',
      files: contained(
        conf`
          location / {
              proxy_pass http://app:9000;
          }
        `,
        'command: certonly --webroot -w /var/www/certbot -d example.net,www.example.net',
      ),
    },
    {
      title: 'mod_wsgi takes every path but that of the challenge, and a script names the webroot',
      files: {
        ...wsgiHost(conf`
          Alias /.well-known/acme-challenge/ /srv/www/.well-known/acme-challenge/
          WSGIScriptAlias / /srv/guestbook/wsgi.py
        `),
        'deploy/get-certificate.sh': conf`
          certbot certonly --webroot -w /srv/www -d example.org
        `,
      },
    },
    {
      title: 'a virtual host alone that serves the challenge',
      files: {
        'guestbook.conf': loneHost(conf`
          Alias /.well-known/ /var/www/html/.well-known/
          WSGIScriptAlias / /srv/guestbook/wsgi.py
        `),
        'deploy/get-certificate.sh': conf`
          certbot certonly --webroot -w /var/www/html -d example.org
        `,
      },
    },
    {
      title: 'a script that asks for another name, and one in a container',
      files: {
        ...wsgiHost('WSGIScriptAlias / /srv/guestbook/wsgi.py'),
        'deploy/get-certificate.sh': conf`
          certbot certonly --webroot -w /srv/www -d example.net
          docker run certbot/certbot certonly --webroot -w /srv/www -d example.org
          certbot certonly --webroot -w "$1" -d example.org
        `,
      },
    },
    {
      title: 'another script that lets the plugin answer',
      files: {
        ...wsgiHost('WSGIScriptAlias / /srv/guestbook/wsgi.py'),
        'deploy/get-certificate.sh': conf`
          certbot certonly --webroot -w /srv/www -d example.org
        `,
        'deploy/renew.sh': conf`
          certbot --apache -d example.org
        `,
      },
    },
    {
      title: 'certbot answers by its own plugin',
      files: {
        ...site(conf`
          location / {
              proxy_pass http://127.0.0.1:9000;
          }
        `),
        'etc/letsencrypt/renewal/example.org.conf': conf`
          [renewalparams]
          authenticator = nginx
        `,
      },
    },
    {
      title: 'redirected to TLS, where it is served',
      files: {
        ...site('return 301 https://$host$request_uri;'),
      },
    },
    {
      title: 'a location of its own that proxies to where certbot runs',
      files: site(conf`
        location /.well-known/acme-challenge/ {
            proxy_pass http://10.0.0.5;
        }
        location / {
            proxy_pass http://127.0.0.1:9000;
        }
      `),
    },
    {
      title: 'the name of another machine',
      files: {
        ...site(conf`
          location / {
              proxy_pass http://127.0.0.1:9000;
          }
        `),
        'etc/letsencrypt/renewal/example.org.conf': RENEWAL[
          'etc/letsencrypt/renewal/example.org.conf'
        ].replace('example.org', 'example.net'),
      },
    },
    {
      title: 'excluded from what Apache proxies',
      files: apache(conf`
        ProxyPass /.well-known/acme-challenge/ !
        ProxyPass / http://127.0.0.1:9000/
      `),
    },
    {
      title: 'Apache asks for a password, but not for the challenge',
      files: staging(conf`
        <Location /.well-known/acme-challenge/>
            Require all granted
        </Location>
      `),
    },
    {
      title: 'an alias of Apache',
      files: {
        ...apache(conf`
          Alias /.well-known/acme-challenge/ /srv/acme/.well-known/acme-challenge/
          <Directory /srv/acme>
              Require all granted
          </Directory>
          RewriteEngine On
          RewriteCond %{REQUEST_URI} !^/\.well-known/
          RewriteRule ^ https://example.org%{REQUEST_URI} [R=301,L]
        `),
        'etc/letsencrypt/renewal/example.org.conf': RENEWAL[
          'etc/letsencrypt/renewal/example.org.conf'
        ].replace('/srv/www', '/srv/acme'),
      },
    },
  ],
  *check(deployment) {
    const aliased = [...aliasedWebroots(deployment)]
    const told = new Set(aliased.map(({ webroot }) => webroot.at))
    for (const machine of deployment.machines) {
      const webroots = [
        ...acmeWebroots(machine.files),
        ...webrootsInContainer(deployment, machine),
        ...askedWebroots(deployment, machine).filter(({ at }) => !told.has(at)),
      ]
      for (const { name, directory, at: renewal } of webroots) {
        if (!servedNames(deployment).get(machine)?.has(name)) continue
        const request = clientRequest({ scheme: 'http', host: name, target: CHALLENGE, machine })
        const { requests, end } = probeRedirects(deployment, request)
        const lone = answerOfLoneHost(deployment, machine, { name, directory })
        if (lone !== null)
          yield {
            at: lone.at,
            message: notServed(name, lone.words),
            label: 'answers for `.well-known/acme-challenge`',
            related: [{ at: renewal, message: `certbot puts it below ${directory}` }],
          }
        const last = requests.at(-1)
        if (end.kind !== 'answered' || last === undefined || mayBeServed(machine, last, directory)) continue
        const answer = whatAnswers(last)
        if (answer === null) continue
        yield {
          at: answer.at,
          message: notServed(name, answer.words),
          label: 'answers for `.well-known/acme-challenge`',
          related: [...answer.because, { at: renewal, message: `certbot puts it below ${directory}` }],
          ...allow(last, directory),
        }
      }
      for (const { at, message } of lonelyWebroots(deployment, machine))
        yield {
          at,
          message,
          label: 'not in the container of the web server',
          help: 'Mount the same directory in both containers',
        }
    }
    yield* deniedAliases(deployment)
    for (const { at, served, webroot, fix } of aliased)
      yield {
        at,
        message: `the challenge is looked for as \`${served}/…\`, and certbot puts it below \`${webroot.directory}/.well-known/acme-challenge\`: 404`,
        label: '`alias` replaces the path, `root` does not',
        related: [
          { at: webroot.at, message: 'the webroot, below which `.well-known/acme-challenge` is made' },
        ],
        ...fix,
      }
  },
})

function notServed(name: string, words: string): string {
  return `the challenge for \`${name}\` is ${words}, so certbot cannot renew the certificate`
}

/** An `Alias` of Apache for the challenge, in a virtual host that asks whoever wants it for a password. */
function* deniedAliases(deployment: Deployment) {
  for (const { asked, alias } of challengeAliases(deployment)) {
    const { end } = askHost(deployment, asked, CHALLENGE)
    if (end.kind !== 'response' || end.status !== 401 || end.at === null) continue
    yield {
      at: end.at,
      message:
        'the challenge for which there is an `Alias` is answered with 401, so no certificate is renewed by it',
      label: 'answers for `.well-known/acme-challenge`',
      related: [{ at: apacheArgument(alias, 0), message: 'the challenge' }],
    }
  }
}

/** True too where nobody can tell, and where somebody made a way for the challenge by hand. */
function mayBeServed({ files }: Machine, { end }: FollowedRequest, directory: string): boolean {
  switch (end.kind) {
    case 'file': {
      const [served, wanted] = [
        posix.dirname(posix.normalize(end.path)),
        posix.dirname(`${directory}${CHALLENGE}`),
      ]
      const real = files.realPath(served)
      return end.status < 400 && (served === wanted || (real !== null && real === files.realPath(wanted)))
    }
    case 'status':
      return end.status < 400
    case 'application':
      return false
    case 'backend':
      return isMeant(end)
    case 'refused':
      return end.at === null
    default:
      return true
  }
}

/** A port of certbot's own server, or a location that is written for the challenge. */
function isMeant({ connection, target }: Extract<FollowedRequest['end'], { kind: 'backend' }>): boolean {
  if (target.port === 8888 || target.port === 402 || target.port === 9080) return true
  if ('block' in connection)
    return (
      connection.block.name === 'location' && /well-known|acme/i.test(readLocation(connection.block).name)
    )
  return connection.path === null || /well-known|acme/i.test(connection.path) || hidesAlias(connection)
}

/** What `ProxyPass` takes of an `Alias` for the challenge is a finding of its own. */
function hidesAlias({ from }: ApacheConnection): boolean {
  return (from.configuration.occurrences.get('alias') ?? []).some(({ args }) =>
    args[0]?.value.startsWith('/.well-known'),
  )
}

interface Answer {
  readonly at: Place
  readonly words: string
  /** What led there. */
  readonly because: readonly Related[]
}

function whatAnswers({ end, steps }: FollowedRequest): Answer | null {
  const server = steps.findLast(({ directive }) => directive?.name === 'server')?.at ?? null
  const location = steps.findLast(({ directive }) => directive?.name === 'location')?.at ?? server
  const mapped = steps.findLast(({ directive }) =>
    /^(?:Alias|DocumentRoot)$/i.test(directive?.name ?? ''),
  )?.at
  switch (end.kind) {
    case 'file': {
      const at = end.by === 'nginx' ? location : (end.at ?? mapped ?? null)
      return at === null
        ? null
        : { at, words: `looked for as \`${end.path.replace(EXISTING, '…')}\``, because: [] }
    }
    case 'backend':
      return end.at === null
        ? null
        : {
            at: end.at,
            words: 'passed to a backend',
            because:
              'block' in end.connection && location !== null
                ? [{ at: location, message: 'takes the challenge' }]
                : [],
          }
    case 'application':
      return end.at === null ? null : { at: end.at, words: 'answered by the application', because: [] }
    case 'status': {
      const at = end.by === 'nginx' && end.status !== 401 ? location : end.at
      return at === null ? null : { at, words: `answered with ${end.status}`, because: [] }
    }
    default:
      return end.at === null ? null : { at: end.at, words: 'not answered', because: [] }
  }
}

/** A location in the server of nginx that answers. */
function allow({ steps }: FollowedRequest, directory: string) {
  const server = steps.findLast(({ directive }) => directive?.name === 'server')?.directive
  if (server === undefined || server === null || !('children' in server)) return {}
  const first = server.children.find(({ source, name }) => source === server.source && name === 'location')
  // A second location of that name is one that nginx refuses.
  const isThere = server.children.some(
    ({ name, args }) => name === 'location' && args.at(-1)?.value === '/.well-known/acme-challenge/',
  )
  if (first === undefined || isThere) return {}
  const at = namePlace(first)
  const indent = indentationAt(at)
  const lines = [
    'location ^~ /.well-known/acme-challenge/ {',
    `    root ${directory};`,
    '    auth_basic off;',
    '    allow all;',
    '}',
    '',
  ]
  return propose('Serve the challenge', 'unsafe', [insertBefore(at, lines.join(`\n${indent}`))])
}

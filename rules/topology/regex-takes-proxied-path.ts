import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { insertBefore, propose } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { locationIndex, type NginxLocation, readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { djangoBehindNginx, djangoInApache } from '../django/_examples.ts'
import { filesTaken } from './_taken-files.ts'
import { takenFromDjango } from './_taken-urls.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      ${lines}
  }
`
const ASSETS = conf`
  location ~* \.(png|css|js)$ {
      expires 30d;
  }
`

const URLS = conf`
  from django.urls import include, path, re_path
  urlpatterns = [
      path("sitemap.xml", sitemap, {"sitemaps": {"pages": Pages}}),
      path("", include("shop.pages")),
  ]
`
const django = (lines: string): Record<string, string> => ({
  ...djangoInApache({ site: lines }),
  'opt/shop/shop/urls.py': URLS,
})

/** Paths at which a backend has files of such names: pictures that it makes, scripts that it brings. */
const HAS_FILES =
  /(?:icon|img|image|photo|picture|avatar|thumb|media|asset|static|upload|download|file|raw|attachment|plugin|theme|sdk|font|admin|_next|socket\.io)/i

export default defineRule({
  summary: 'A regular expression for files takes them from a location that proxies',
  severity: 'info',
  otherSeverities: {
    warning: 'where the name of the location or the routes of Django say that the backend has such files',
  },
  confidence: 'medium',
  since: '0.1.0',
  why: 'nginx prefers a matching regular expression to a prefix. `location ~* \\.(png|js)$` looks for `/icons/a.png` on the disk, though `location /icons/` proxies to a backend: 404.',
  remedy: 'Write `location ^~ …`, which keeps regular expressions out',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#location'],
  bad: [
    {
      title: 'the sitemap of Django',
      files: django(conf`
        location ~* «\.(css|js|txt|xml)$» {
            root /srv/public;
        }
      `),
    },
    {
      title: 'robots.txt of Django in gunicorn, of an application that is included',
      files: {
        ...djangoBehindNginx({
          settings: 'ALLOWED_HOSTS = ["example.org"]\nROOT_URLCONF = "shop.urls"',
          site: conf`
            location ~ «\.(?:css|js|txt)$» {
                root /srv/public;
                try_files $uri =404;
            }
          `,
        }),
        'web/shop/urls.py': URLS.replace('sitemap.xml', 'sitemap/'),
        'web/shop/pages.py': conf`
          urlpatterns = [re_path(r"^robots\.txt$", robots)]
        `,
      },
    },
    {
      title: 'pictures that a backend makes',
      files: {
        'nginx.conf': site(conf`
          location «/icons/» {
              proxy_pass http://127.0.0.1:9000;
          }
          ${ASSETS}
        `),
      },
    },
    {
      title: 'an interface for programs',
      files: {
        'nginx.conf': site(conf`
          location «/api/» {
              proxy_pass http://127.0.0.1:9000;
          }
          ${ASSETS}
        `),
      },
    },
  ],
  good: [
    {
      title: 'the sitemap of Django has a location of its own',
      files: django(conf`
        location = /sitemap.xml {
            proxy_pass http://127.0.0.1:9000;
            proxy_set_header Host $host;
        }
        location ~* \.(css|js|txt|xml)$ {
            root /srv/public;
        }
      `),
    },
    {
      title: 'what is no file is asked of Django',
      files: django(conf`
        location ~* \.(css|js|txt|xml)$ {
            root /srv/public;
            try_files $uri @django;
        }
        location @django {
            proxy_pass http://127.0.0.1:9000;
            proxy_set_header Host $host;
        }
      `),
    },
    {
      title: 'the sitemap is a file as well',
      files: {
        ...django(conf`
          location ~* \.(css|js|txt|xml)$ {
              root /srv/public;
          }
        `),
        'srv/public/sitemap.xml': '<urlset/>',
      },
    },
    {
      title: 'a route in a comment, and one with a prefix',
      files: {
        ...django(conf`
          location ~* \.(css|js|txt|xml)$ {
              root /srv/public;
          }
        `),
        'opt/shop/shop/urls.py': conf`
          urlpatterns = [
              # path("sitemap.xml", sitemap),
              path("blog/", include("shop.pages")),
          ]
        `,
        'opt/shop/shop/pages.py': conf`
          urlpatterns = [path("sitemap.xml", sitemap)]
        `,
      },
    },
    {
      title: 'regular expressions are kept out',
      files: {
        'nginx.conf': site(conf`
          location ^~ /icons/ {
              proxy_pass http://127.0.0.1:9000;
          }
          ${ASSETS}
        `),
      },
    },
    {
      title: 'what is missing is asked of the backend',
      files: {
        'nginx.conf': site(conf`
          location /icons/ {
              proxy_pass http://127.0.0.1:9000;
          }
          location ~* \.(png|css|js)$ {
              try_files $uri @backend;
          }
          location @backend {
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
    {
      title: 'files of the site in front of its application',
      files: {
        'nginx.conf': site(conf`
          location / {
              proxy_pass http://127.0.0.1:9000;
          }
          ${ASSETS}
        `),
      },
    },
  ],
  *check(deployment) {
    for (const { server, block, pass } of deployment.connections.http) {
      if (block.name !== 'location' || block.parent !== server.directive) continue
      const location = readLocation(block)
      if (location.modifier !== '' || location.name === '/' || !location.name.startsWith('/')) continue
      for (const { location: other } of locationIndex(server.directive).regexes) {
        const path = takenFrom(deployment, server, location, other)
        if (path === null) continue
        yield {
          at: location.at,
          severity: HAS_FILES.test(location.name) && !isOfAvatars(pass) ? 'warning' : 'info',
          message: `\`location ${other.modifier} ${other.name}\` looks for \`${path}\` on the disk, so the backend is not asked for it`,
          label: 'regular expressions come first',
          related: [
            {
              at: argumentPlace(other.directive, other.directive.args.length - 1),
              message: 'answers in its place',
            },
          ],
          ...propose('Keep regular expressions out', 'unsafe', [insertBefore(location.at, '^~ ')]),
        }
      }
    }
    for (const { url, by } of takenFromDjango(deployment))
      yield {
        at: argumentPlace(by.directive, by.directive.args.length - 1),
        severity: 'warning',
        message: `\`location ${by.modifier} ${by.name}\` looks for \`${url.path}\` on the disk, and it is Django that answers it`,
        label: 'regular expressions come first',
        related: [{ at: url.at, message: 'the route of Django' }],
        help: `Add \`location = ${url.path}\` with the lines of \`location /\`, or leave the ending out of the expression`,
      }
  },
})

/** True for services whose pictures have no ending. */
function isOfAvatars({ args }: NginxDirective): boolean {
  return /^https?:\/\/(?:avatars\d*\.githubusercontent\.com|(?:\w+\.)?gravatar\.com)(?:\/|$)/.test(
    args[0]?.value ?? '',
  )
}

/** A path below a location that an expression for files answers from the disk, where it is missing. */
function takenFrom(
  deployment: Deployment,
  server: NginxServer,
  location: NginxLocation,
  other: NginxLocation,
): string | null {
  for (const path of filesTaken(server, location, other)) {
    const answer = askServer(deployment, server, path, { alsoLocal: true })
    if (answer === null) return null
    const { end } = answer
    // A `deny` or a `return` is meant for every path.
    if (end.kind === 'response' && end.status === 404 && !isRefused(answer.steps))
      return path.replace(MISSING, 'file')
  }
  return null
}

function isRefused(steps: readonly { readonly kind: string }[]): boolean {
  return steps.some(({ kind }) => kind === 'return' || kind === 'access' || kind === 'pass')
}

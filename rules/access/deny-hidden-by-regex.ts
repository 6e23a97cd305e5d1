import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { serversAround } from '../../src/deployment/build/servers.ts'
import { askServer, isOpen } from '../../src/deployment/requests/ask-server.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { locationIndex, type NginxLocation } from '../../src/servers/nginx/queries/locations.ts'
import { selectLocation } from '../../src/servers/nginx/queries/select-location.ts'
import { sampleTexts } from '../../src/servers/pcre/sample-texts.ts'
import { fromBytes, toBytes } from '../../src/servers/regex.ts'
import { isDirectlyIn, serverAround } from '../../src/servers/nginx/queries/servers.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      ${lines}
  }
`

const scripts = (pattern: string): string => conf`
  location ~ ${pattern} {
      try_files $uri =404;
      fastcgi_pass 127.0.0.1:9000;
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
  }
`

export default defineRule({
  summary: 'A regular expression that comes first serves what a later one denies',
  severity: 'warning',
  otherSeverities: {
    info: 'a script in a directory that nobody writes into, one among pictures or uploads, which is sent as a text, or `.htpasswd` there, where nobody keeps one',
  },
  confidence: 'high',
  securitySeverity: 5.3,
  cwe: [863, 552],
  since: '0.1.0',
  why: 'Of regular expressions the first that matches answers. `location ~ /upload/` in front of `location ~ /\\.ht { deny all; }` serves `/upload/.htpasswd`.',
  remedy: 'Put what denies before the other expressions, or write the path as a prefix',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#location'],
  bad: [
    {
      title: 'a directory before the hidden files',
      files: {
        'nginx.conf': site(conf`
          location ~ «/upload/» {
              expires 1d;
          }
          location ~ /\.ht {
              deny all;
          }
        `),
      },
    },
    {
      title: 'all scripts before those of uploads',
      files: {
        'nginx.conf': site(conf`
          ${scripts('«\\.php$»')}
          location ~ ^/(uploads|cache)/.*\.php$ {
              deny all;
          }
        `),
      },
    },
    {
      title: 'all scripts before the directories of the application',
      files: {
        'nginx.conf': site(conf`
          ${scripts('«\\.php$»')}
          location ~ ^/(var|vendor|app) {
              deny all;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'pages of PHP-FPM by their whole paths',
      files: {
        'nginx.conf': site(conf`
          location ~ \.php$ {
              fastcgi_pass 127.0.0.1:9000;
              fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          }
          location ~ ^/(fpm-status|fpm-ping)$ {
              deny all;
          }
        `),
      },
    },
    {
      title: 'pictures before the directories of the application',
      files: {
        'nginx.conf': site(conf`
          location ~ \.(css|png)$ {
              expires 1d;
          }
          location ~ ^/(var|vendor|app) {
              deny all;
          }
        `),
      },
    },
    {
      title: 'the directories of the application first',
      files: {
        'nginx.conf': site(conf`
          location ~ ^/(var|vendor|app)(/|$) {
              deny all;
          }
          ${scripts('\\.php$')}
        `),
      },
    },
    {
      title: 'the hidden files first',
      files: {
        'nginx.conf': site(conf`
          location ~ /\.ht {
              deny all;
          }
          location ~ /upload/ {
              expires 1d;
          }
        `),
      },
    },
    {
      title: 'the scripts of uploads first',
      files: {
        'nginx.conf': site(conf`
          location ~ ^/(uploads|cache)/.*\.php$ {
              deny all;
          }
          ${scripts('\\.php$')}
        `),
      },
    },
    {
      title: 'a prefix',
      files: {
        'nginx.conf': site(conf`
          location /upload/ {
              expires 1d;
          }
          location ~ /\.ht {
              deny all;
          }
        `),
      },
    },
    {
      title: 'names that end otherwise',
      files: {
        'nginx.conf': site(conf`
          location ~ \.(css|js)$ {
              expires 1d;
          }
          location ~ /\.ht {
              deny all;
          }
        `),
      },
    },
    {
      title: 'well-known files before the hidden ones',
      files: {
        'nginx.conf': site(conf`
          location ~ /\.well-known/ {
          }
          location ~ /\. {
              deny all;
          }
        `),
      },
    },
  ],
  *check(deployment) {
    const servers = serversAround(deployment)
    for (const { occurrences } of deployment.nginx) {
      for (const rule of [...(occurrences.get('deny') ?? []), ...(occurrences.get('return') ?? [])]) {
        const { parent } = rule
        if (parent?.name !== 'location' || !refuses(rule)) continue
        const home = serverAround(parent)
        const server = home === null ? undefined : servers.get(home)
        if (server === undefined || !isDirectlyIn(parent, server.directive)) continue
        const { regexes } = locationIndex(server.directive)
        const index = regexes.findIndex(({ location }) => location.directive === parent)
        const { location: denied, regex } = regexes[index] ?? {}
        if (denied === undefined) continue
        for (const { location } of regexes.slice(0, index)) {
          const served = servedBy(deployment, server, location, denied)
          const path = served ?? answeredBy(deployment, server, location, denied)
          if (path === null || regex?.test(toBytes(path)) === false) continue
          // Where pictures and uploads lie, a script is sent as a text that somebody brought.
          const isMild =
            served === null
              ? !denied.name.includes('\\.') && !MAY_HOLD_SCRIPTS.test(path)
              : OF_UPLOADS.test(served)
          yield {
            at: location.at,
            ...(isMild && { severity: 'info' as const }),
            message: `this expression ${served === null ? 'answers' : 'serves'} \`${path}\`, which \`location ${denied.modifier} ${denied.name}\` is there to refuse`,
            label: 'comes first',
            related: [{ at: denied.at, message: 'not asked for it' }],
          }
        }
      }
    }
  },
})

const OF_UPLOADS =
  /\/(?:images?|img|avatars?|uploads?|media|pictures?|photos?|icons?|fonts?|thumb\w*|css|js|assets?|static)\/(?:file\.(?:php\d?|phtml)|\.ht(?:passwd|access)?)$/i

/** What an application writes into, and packages whose own tests run what they are sent. */
const MAY_HOLD_SCRIPTS =
  /(?:^|[/_-])(?:vendor|node_modules|data|files?|uploads?|media|images?|pictures?|photos?|avatars?|attachments?|documents?|cache|te?mp|var|storage|logs?|backups?|sessions?|install|setup)(?:[/_-])/i

function refuses({ name, args }: NginxDirective): boolean {
  return name === 'deny' ? args[0]?.value === 'all' : /^40[34]$/.test(args[0]?.value ?? '')
}

/** A path in a directory of the first expression that the later one matches too, and that is sent as a file. */
function servedBy(
  deployment: Deployment,
  server: NginxServer,
  first: NginxLocation,
  denied: NginxLocation,
): string | null {
  // What names hidden files itself is an exception that somebody made.
  if (first.name.includes('\\.') || first.directive.children.some(({ name }) => name === 'allow')) return null
  const directories = textsOf(first).filter(
    text => text.startsWith('/') && text.endsWith('/') && !text.includes('/.'),
  )
  const names = textsOf(denied).filter(text =>
    /^\/\.[a-z]*$|^\.(?:php\d?|phtml|env|sql|bak|key|pem)$/i.test(text),
  )
  for (const directory of directories.slice(0, 4)) {
    for (const name of names.slice(0, 4)) {
      const bare = name.replace(/^\//, '')
      // A name that begins with a dot, or an ending of one.
      const path = `${directory}${name.startsWith('/') ? '' : 'file'}${bare === '.' ? '.env' : bare === '.ht' ? '.htpasswd' : bare}`
      const selected = selectLocation(server.configuration, server.directive, toBytes(path))
      if (!selected.known || selected.value.location?.directive !== first.directive) continue
      const answer = askServer(deployment, server, path, { assume: () => 'file' })
      if (answer?.end.kind === 'file' && answer.end.path.endsWith(path)) return path
    }
  }
  return null
}

/** A path that the later expression is written for, and that an earlier one, of an ending alone, answers. */
function answeredBy(
  deployment: Deployment,
  server: NginxServer,
  first: NginxLocation,
  denied: NginxLocation,
): string | null {
  // What names a directory is an exception that somebody made.
  if (first.name.includes('/') || !denied.name.includes('/')) return null
  const script = textsOf(first).find(text => /^\.(?:php\d?|phtml|cgi|pl|py)$/.test(text))
  for (const text of textsOf(denied).slice(0, 8)) {
    // Of what names a directory alone, a script there.
    const isDirectory = script !== undefined && /^\/[\w-]+(?:\/[\w-]+)*\/?$/.test(text)
    const path = isDirectory
      ? `${text.replace(/\/$/, '')}/${EXISTING}${script}`
      : text.replace(/\/(?=\.[a-z0-9]+$)/, `/${EXISTING}`)
    if (!/^\/[^.]+\//.test(path)) continue
    const selected = selectLocation(server.configuration, server.directive, toBytes(path))
    if (!selected.known || selected.value.location?.directive !== first.directive) continue
    const answer = askServer(deployment, server, path)
    if (answer !== null && isOpen(answer) === true) return path.replace(EXISTING, 'file')
  }
  return null
}

function textsOf({ name, modifier }: NginxLocation): readonly string[] {
  return sampleTexts(name, { caseless: modifier === '~*' }).texts.map(fromBytes)
}

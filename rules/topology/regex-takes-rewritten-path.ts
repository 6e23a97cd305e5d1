import { posix } from 'node:path'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { ApacheHost, Deployment, NginxConnection, NginxServer } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { PATHS } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { everyFileBelow, type FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import type { RewriteCondition } from '../../src/servers/apache/requests/rewrite/rules.ts'
import { documentRoot } from '../../src/servers/apache/requests/document-root.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { sampleTexts } from '../../src/servers/pcre/sample-texts.ts'
import { compilePcre, fromBytes, toBytes } from '../../src/servers/regex.ts'
import { apacheMain, nginxMain } from '../_examples.ts'

const nginx = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 80;
        server_name example.org;
        root /srv/www;
        ${lines}
        location / {
            proxy_pass http://127.0.0.1:9000;
            proxy_set_header Host $host;
        }
    }
  `),
})
const apache = (rules: string, ofHost = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 127.0.0.1:9000
      <VirtualHost 127.0.0.1:9000>
          ServerName example.org
          DocumentRoot /srv/www
          ${ofHost}
          <Directory /srv/www>
              AllowOverride All
              Require all granted
          </Directory>
          <FilesMatch \.php$>
              SetHandler "proxy:fcgi://127.0.0.1:9001"
          </FilesMatch>
      </VirtualHost>
    `,
    ['rewrite', 'proxy', 'proxy_fcgi'],
  ),
  'srv/www/.htaccess': conf`
    RewriteEngine On
    ${rules}
  `,
  'srv/www/thumbnail.php': '<?php',
})
const ASSETS = conf`
  location ~* «\.(?:css|js|jpe?g|png)$» {
      expires 30d;
  }
`
const MADE = conf`
  RewriteCond %{REQUEST_FILENAME} !-f
  RewriteRule ^thumbnails/(\d+)/([\w-]+)\.jpg$ thumbnail.php?size=$1&name=$2 [L]
`
const PICTURES = conf`
  RewriteRule ^([0-9])(-[_a-zA-Z0-9-]*)?/.+\.jpg$ img/p/$1/$1$2.jpg [L]
`
const VERSIONS = conf`
  RewriteCond %{REQUEST_FILENAME} !-f
  RewriteRule ^(assets/.+)\.(\d+)\.(css|js)$ $1.$3 [L]
`

export default defineRule({
  summary: 'nginx looks on the disk for names that a RewriteRule of Apache makes',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A location for images and style sheets answers 404 to what is no file. Where such a name exists by a RewriteRule of Apache alone, as those of thumbnails, product pictures, style sheets with a version (`site.1700000000.css`), `robots.txt` and `sitemap.xml` do, Apache is not asked any more.',
  remedy:
    'Let what is not there go on to Apache: `try_files $uri @apache;` with `location @apache { proxy_pass …; }`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files',
    'https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewriterule',
  ],
  bad: [
    { title: 'thumbnails', files: { ...nginx(ASSETS), ...apache(MADE) } },
    {
      title: 'names of pictures, each of which leads to another file',
      files: { ...nginx(ASSETS), ...apache(PICTURES) },
    },
    {
      title: 'a version in the name of a style sheet',
      files: {
        ...nginx(conf`
          location ^~ «/assets/» {
              expires max;
              try_files $uri =404;
          }
        `),
        ...apache(VERSIONS),
      },
    },
    {
      title: 'robots.txt of a script, and a location that keeps it out of the log',
      files: {
        ...nginx(conf`
          location = «/robots.txt» {
              access_log off;
              log_not_found off;
          }
        `),
        ...apache('RewriteRule ^robots\\.txt$ thumbnail.php?robots [L]'),
      },
    },
    {
      title: 'in the virtual host, for a host of its own',
      files: {
        ...nginx(ASSETS),
        ...apache(
          '',
          conf`
            RewriteEngine On
            RewriteCond %{HTTP_HOST} ^example\.org$
            RewriteRule ^/([0-9])(-[a-z]+)?/.+\.jpg$ /img/p/$1/$1$2.jpg [L]
          `,
        ),
      },
    },
  ],
  good: [
    {
      title: 'what is not there goes to Apache',
      files: {
        ...nginx(conf`
          location ~* \.(?:css|js|jpe?g|png)$ {
              expires 30d;
              try_files $uri @apache;
          }
          location @apache {
              proxy_pass http://127.0.0.1:9000;
              proxy_set_header Host $host;
          }
        `),
        ...apache(MADE),
      },
    },
    {
      title: 'names of pictures, which are passed to Apache',
      files: {
        ...nginx(conf`
          location ~* ^/themes/.*\.(?:css|js|jpe?g|png)$ {
              expires 30d;
          }
        `),
        ...apache(PICTURES),
      },
    },
    {
      title: 'an expression for other files',
      files: {
        ...nginx(conf`
          location ~* \.(?:css|js)$ {
              expires 30d;
          }
        `),
        ...apache(MADE),
      },
    },
    {
      title: 'a rule that redirects to another name',
      files: {
        ...nginx(ASSETS.replace(/[«»]/g, '')),
        ...apache('RewriteRule ^old/(.*)\\.jpg$ /new/$1.jpg [R=301,L]'),
      },
    },
    {
      title: 'pictures that are there, of which Apache would send others',
      files: {
        ...nginx(ASSETS.replace(/[«»]/g, '')),
        ...apache('RewriteRule ^(photos/.+)\\.jpg$ thumbnail.php?mark=$1 [L]'),
        'srv/www/photos/sea.jpg': 'sea\n',
      },
    },
    {
      title: 'for browsers that take WebP, and for pages of others',
      files: {
        ...nginx(ASSETS.replace(/[«»]/g, '')),
        ...apache(conf`
          RewriteCond %{HTTP_ACCEPT} image/webp
          RewriteCond %{DOCUMENT_ROOT}/$1.webp -f
          RewriteRule ^(.+)\.(?:jpe?g|png)$ $1.webp [T=image/webp,L]
          RewriteCond %{HTTP_REFERER} !^https?://example\.org/ [NC]
          RewriteRule ^(.+)\.(?:jpe?g|png)$ stolen.png [L]
        `),
      },
    },
    {
      title: 'one picture for all that are missing',
      files: {
        ...nginx(ASSETS.replace(/[«»]/g, '')),
        ...apache(conf`
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteRule \.(?:jpe?g|png)$ missing.png [L]
        `),
      },
    },
    {
      title: 'a name that nginx refuses to know',
      files: {
        ...nginx(conf`
          location = /robots.txt {
              return 404;
          }
        `),
        ...apache('RewriteRule ^robots\\.txt$ thumbnail.php?robots [L]'),
      },
    },
    {
      title: 'a location that makes the names itself',
      files: {
        ...nginx(conf`
          location ~ ^/\d(?:-[a-z]+)?/.+\.jpg$ {
              rewrite ^/(\d)(-[a-z]+)?/ /img/p/$1/$1$2.jpg break;
              proxy_pass http://127.0.0.1:9000;
          }
          location ~* \.(?:css|js|jpe?g|png)$ {
              expires 30d;
          }
        `),
        ...apache(PICTURES),
      },
    },
    {
      title: 'a start script for every page',
      files: {
        ...nginx(ASSETS.replace(/[«»]/g, '')),
        ...apache(conf`
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteRule . /thumbnail.php [L]
        `),
      },
    },
  ],
  *check(deployment) {
    if (deployment.apacheHosts.length === 0) return
    const looked = new Set<NginxServer>()
    for (const connection of deployment.connections.http) {
      const { server } = connection
      if (looked.has(server) || !server.directive.children.some(({ name }) => name === 'location')) continue
      const [host] = certainHosts(deployment, connection)
      if (host === undefined || rulesOf(deployment, host).length === 0) continue
      if (!takesEveryPath(deployment, connection)) continue
      looked.add(server)
      const found = takenByNginx(deployment, server, host)
      if (found === null) continue
      const { location, url, rule } = found
      const how = isScript(rule) ? 'which makes it by a script' : `which has \`${rule.output}\` for it`
      yield {
        at: readLocation(location).at,
        message: `\`${url}\` is looked for on the disk, and Apache, ${how}, is not asked`,
        label: 'answers 404',
        related: [{ at: namePlace(rule.directive), message: 'this rule makes it' }],
      }
    }
  },
})

/** True where nginx passes what no location is for by a connection, under the path that was asked for. */
function takesEveryPath(deployment: Deployment, { server, pass }: NginxConnection): boolean {
  const end = askServer(deployment, server, PATHS.missingPage)?.end
  return (
    end?.kind === 'pass' &&
    end.target.directive.node === pass.node &&
    (end.uri === null || end.uri === PATHS.missingPage)
  )
}

/** Files of a site, as a location for them lists them; scripts are none. */
const FILE = /\.(?!(?:php\d?|phtml|cgi|pl|py|html?|do|aspx?|jsp)$)[a-z][a-z0-9]{1,4}$/
const MOST_SAMPLES = 6

/** The rules of a virtual host and of its directory of files, in their order. */
function rulesOf(deployment: Deployment, host: ApacheHost): readonly PlacedRule[] {
  const { configuration, directive } = host
  const rules = rulesByHome(configuration, deployment.filesOf(configuration))
  if (rules.size === 0) return []
  const root = rootOf(host)
  return [...(rules.get(directive) ?? []), ...(root === null ? [] : (rules.get(root) ?? []))]
}

function rootOf({ configuration, virtualHost }: ApacheHost): string | null {
  const root = documentRoot({ configuration, host: virtualHost })
  return root.known ? posix.normalize(fromBytes(root.value)).replace(/(?<=.)\/$/, '') : null
}

/** Those that make a file, by the virtual host or the directory that they stand in. */
const rulesByHome = memoByKey(
  (configuration: ApacheConfiguration, files: FileSystem): ReadonlyMap<unknown, readonly PlacedRule[]> =>
    groupBy(placedRules(configuration, files).filter(makesFile), ({ directive, htaccess, context }) =>
      context === 'server'
        ? virtualHostSection(directive)
        : posix.normalize(
            (htaccess?.directory ?? directive.parent?.args[0]?.value ?? '').replace(/(?<=.)\/+$/, ''),
          ),
    ),
)

/** True for a rule that puts a script, or a file of another name, in the place of a file that has an ending. */
function makesFile(rule: PlacedRule): boolean {
  const { negated, keepsUri, flags, output, pattern, conditions, settled } = rule
  if (negated || keepsUri || !settled || ['R', 'F', 'G', 'P'].some(flag => flags.has(flag))) return false
  if (!/\\\.[(?:]*[a-z][\w|?()*+-]*\$?$|\\\.\([^()]*\)[?]?\$?$/i.test(pattern) || /^\w+:\/\//.test(output))
    return false
  // One picture for all that are missing is a decoration of the 404.
  const isFile = /\$\d/.test(output) || isOneName(pattern)
  if (!isScript(rule) && !(isFile && /\.(?:\w{2,5}|\$\d)$/.test(output))) return false
  return conditions.every(condition => isOfFile(condition) || /^%\{HTTP_HOST\}$/.test(condition.input))
}

function isScript({ output }: PlacedRule): boolean {
  return /\.php(?:[?/]|$)/.test(output)
}

/** True where a rule leaves alone what is there. */
function isOfFile({ input, test, negated }: RewriteCondition): boolean {
  return negated && test.startsWith('-') && /^%\{(?:REQUEST|SCRIPT)_FILENAME\}$/.test(input)
}

/** A pattern for one name, such as `^robots\.txt$`. */
function isOneName(pattern: string): boolean {
  return /^\^(?:[\w/-]|\\[.-])+\$$/.test(pattern)
}

/** A URL that a rule takes and a location of nginx answers with 404. */
function takenByNginx(deployment: Deployment, server: NginxServer, host: ApacheHost) {
  for (const rule of rulesOf(deployment, host)) {
    if (isScript(rule) && !runsScript(deployment, host, rule)) continue
    for (const urls of groupBy(urlsOf(rule), posix.extname).values()) {
      const [url = ''] = urls
      // Where nginx knows some of the names, a pattern of it is the narrower one.
      const [location = null, ...others] = urls.map(each => locationWithout(deployment, server, each))
      if (location === null || others.includes(null)) continue
      if (isTaken(deployment, host, rule, url) && isNeverThere(deployment, host, rule, url))
        return { location, url, rule }
    }
  }
  return null
}

/** Some URLs of files that the pattern of a rule takes. */
function urlsOf({ pattern, flags, context }: PlacedRule): readonly string[] {
  const { texts } = sampleTexts(pattern, { caseless: flags.has('NC') })
  return texts
    .slice(0, MOST_SAMPLES)
    .map(text => `${context === 'server' ? '' : '/'}${fromBytes(text)}`)
    .filter(url => /^\/[\w./-]+$/.test(url) && FILE.test(url))
}

/** True where Apache comes to a rule with a URL that is no file, by one of the names of its virtual host. */
function isTaken(
  deployment: Deployment,
  { configuration, virtualHost, names }: ApacheHost,
  rule: PlacedRule,
  url: string,
): boolean {
  return names.slice(0, MOST_SAMPLES).some(name => {
    const question = { standing: 'nothing', name } as const
    const { steps } = askHost(deployment, { configuration, host: virtualHost }, url, question)
    return steps.some(({ kind, directive }) => kind === 'rewrite' && directive === rule.directive)
  })
}

/** The location in which nginx finds no file of a name, where it is not one for everything. */
function locationWithout(deployment: Deployment, server: NginxServer, url: string): NginxDirective | null {
  const answer = askServer(deployment, server, url, { assume: () => null })
  if (answer?.end.kind !== 'response' || answer.end.status !== 404) return null
  if (answer.steps.some(({ kind }) => kind === 'unknown')) return null
  const location = answer.steps.findLast(({ kind }) => kind === 'location')?.directive
  if (location == null || readLocation(location).name === '/' || refuses(location)) return null
  return location
}

/** True where a location answers 404 by its own lines. */
function refuses({ children }: NginxDirective): boolean {
  return children.some(line => line.name === 'return' || line.name === 'internal' || refuses(line))
}

/** So many files of a site are looked at. */
const MOST_FILES = 3000

/**
 * True where no file has a name that a rule takes, or the rule asks for that itself. Files that a rule gives other
 * files for, nobody gets; but a script may send those that are there, and uploads are in no repository.
 */
function isNeverThere(deployment: Deployment, host: ApacheHost, rule: PlacedRule, url: string): boolean {
  if (rule.conditions.some(isOfFile)) return true
  const files = deployment.filesOf(host.configuration)
  const root = rootOf(host)
  if (root === null || files.kind(root + url) !== null) return false
  if (isOneName(rule.pattern)) return true
  if (isScript(rule) ? files.kind(posix.dirname(root + url)) !== null : !keepsEnding(rule, url)) return false
  const pattern = compilePcre(rule.pattern, { caseless: rule.flags.has('NC') })
  const start = rule.context === 'server' ? '/' : ''
  return namesBelow(files, root)?.every(name => pattern?.test(toBytes(start + name)) === false) ?? false
}

/** A rule from `.jpg` to `.webp` is for pictures that are there in both forms. */
function keepsEnding({ output }: PlacedRule, url: string): boolean {
  const ending = posix.extname(output)
  return ending.startsWith('.$') || ending === posix.extname(url)
}

/** The files of a site that have an ending, by their paths in it; null where there are too many. */
const namesBelow = memoByKey((files: FileSystem, root: string): readonly string[] | null => {
  const reach = { levels: 12, skipped: /^(?:\.git|node_modules)$/, most: MOST_FILES }
  const found = everyFileBelow(files, root, { ...reach, isWanted: name => FILE.test(name) })
  return found?.map(path => path.slice(root.length + 1)) ?? null
})

/** True where Apache runs the script that the rule leads to. */
function runsScript(
  deployment: Deployment,
  { configuration, virtualHost }: ApacheHost,
  { output }: PlacedRule,
): boolean {
  const script = output.replace(/\?.*$/s, '').replace(/^\/*/, '/')
  if (/[$%]/.test(script)) return false
  const { end } = askHost(deployment, { configuration, host: virtualHost }, script)
  return (
    (end.kind === 'handler' && /php/.test(end.name)) || (end.kind === 'pass' && end.url.startsWith('fcgi:'))
  )
}

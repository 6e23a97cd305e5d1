import { posix } from 'node:path'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { ApacheHost, Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { documentRoot } from '../../src/servers/apache/requests/document-root.ts'
import { locationIndex } from '../../src/servers/nginx/queries/locations.ts'
import { sampleTexts } from '../../src/servers/pcre/sample-texts.ts'
import { compilePcre, fromBytes } from '../../src/servers/regex.ts'
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
const apache = (rules: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 127.0.0.1:9000
      <VirtualHost 127.0.0.1:9000>
          ServerName example.org
          DocumentRoot /srv/www
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

export default defineRule({
  summary: 'nginx looks on the disk for what a script behind Apache makes',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A location for images and style sheets answers 404 to what is no file. Where a RewriteRule of Apache makes such a file by a script, as thumbnails, packed style sheets and `robots.txt` are made, Apache is not asked any more.',
  remedy:
    'Let what is not there go on to Apache: `try_files $uri @apache;` with `location @apache { proxy_pass …; }`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files',
    'https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewriterule',
  ],
  bad: [{ title: 'thumbnails', files: { ...nginx(ASSETS), ...apache(MADE) } }],
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
    if (!deployment.apache.some(({ occurrences }) => occurrences.has('virtualhost'))) return
    const looked = new Set<NginxServer>()
    for (const connection of deployment.connections.http) {
      const { server } = connection
      if (looked.has(server)) continue
      looked.add(server)
      const { regexes } = locationIndex(server.directive)
      const [host] = regexes.length === 0 ? [] : certainHosts(deployment, connection)
      if (host === undefined) continue
      const found = takenByNginx(deployment, server, host)
      if (found === null) continue
      const { location, url, rule } = found
      yield {
        at: argumentPlace(location, location.args.length - 1),
        message: `\`${url}\` is looked for on the disk, and Apache, which makes it by a script, is not asked`,
        label: 'answers 404',
        related: [{ at: namePlace(rule.directive), message: 'this rule makes it' }],
      }
    }
  },
})

/** Files of a site, as a location for them lists them; scripts are none. */
const FILE = /\.(?!(?:php\d?|phtml|cgi|pl|py|html?|do|aspx?|jsp)$)[a-z][a-z0-9]{1,4}$/
const MOST_SAMPLES = 6

/** The rules of a virtual host and of its directory of files, in their order. */
function rulesOf(deployment: Deployment, host: ApacheHost): readonly PlacedRule[] {
  const { configuration, directive, virtualHost } = host
  const rules = rulesByHome(configuration, deployment.filesOf(configuration))
  if (rules.size === 0) return []
  const root = documentRoot({ configuration, host: virtualHost })
  const inRoot = root.known ? (rules.get(posix.normalize(fromBytes(root.value))) ?? []) : []
  return [...(rules.get(directive) ?? []), ...inRoot]
}

/** By the virtual host or the directory that they stand in; none where no rule makes a file. */
const rulesByHome = memoByKey(
  (configuration: ApacheConfiguration, files: FileSystem): ReadonlyMap<unknown, readonly PlacedRule[]> => {
    const rules = placedRules(configuration, files)
    return rules.some(makesFile)
      ? groupBy(rules, ({ directive, htaccess, context }) =>
          context === 'server'
            ? virtualHostSection(directive)
            : posix.normalize(
                (htaccess?.directory ?? directive.parent?.args[0]?.value ?? '').replace(/(?<=.)\/+$/, ''),
              ),
        )
      : new Map()
  },
)

/** True for a rule that puts a script in the place of a file that has an ending, unless that is there. */
function makesFile({ negated, keepsUri, flags, output, pattern, conditions }: PlacedRule): boolean {
  if (negated || keepsUri || flags.has('R') || !/\.php(?:[?/]|$)/.test(output)) return false
  if (!/\.(?:\(\?:|\()?[a-z][\w|?]*\)?\)?\$?$/i.test(pattern)) return false
  return conditions.every(
    ({ input, test, negated }) =>
      negated && test.startsWith('-') && /^%\{(?:REQUEST|SCRIPT)_FILENAME\}$/.test(input),
  )
}

/** A URL that a rule takes and a location of nginx answers with 404. */
function takenByNginx(deployment: Deployment, server: NginxServer, host: ApacheHost) {
  const rules = rulesOf(deployment, host)
  for (const [index, rule] of rules.entries()) {
    if (!makesFile(rule) || !runsScript(deployment, host, rule)) continue
    const { texts } = sampleTexts(rule.pattern, { caseless: rule.flags.has('NC') })
    for (const text of texts.slice(0, MOST_SAMPLES)) {
      const url = rule.context === 'server' ? fromBytes(text) : `/${fromBytes(text)}`
      if (!/^\/[\w./-]+$/.test(url) || !FILE.test(url)) continue
      if (rules.slice(0, index).some(earlier => mayTake(earlier, text))) continue
      const answer = askServer(deployment, server, url, { assume: () => null })
      if (answer?.end.kind !== 'response' || answer.end.status !== 404) continue
      if (answer.steps.some(({ kind }) => kind === 'unknown')) continue
      const location = answer.steps.findLast(({ kind }) => kind === 'location')?.directive
      if (location != null && /^~\*?$/.test(location.args[0]?.value ?? '')) return { location, url, rule }
    }
  }
  return null
}

/** True where an earlier rule answers, or says that nothing behind it is to be looked at. */
function mayTake({ pattern, flags, conditions, negated }: PlacedRule, text: string): boolean {
  const isLast = ['L', 'END', 'F', 'G', 'R', 'P'].some(flag => flags.has(flag))
  // Those for another file or host than this one are passed.
  const isNarrow = conditions.length > 0
  return (
    isLast &&
    !isNarrow &&
    (compilePcre(pattern, { caseless: flags.has('NC') })?.test(text) ?? true) !== negated
  )
}

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

import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { hostOfRule, type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { documentRoot } from '../../src/servers/apache/requests/document-root.ts'
import { apacheMain } from '../_examples.ts'
import { rewritingHost } from '../_rewriting-examples.ts'

const site = (flags: string, script = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      <Directory /srv/www>
          AllowOverride All
      </Directory>
      Header set Asked "expr=%{QUERY_STRING}"
    `,
    ['rewrite', 'headers'],
  ),
  'srv/www/.htaccess': conf`
    RewriteEngine On
    RewriteCond %{REQUEST_FILENAME} !-f
    RewriteCond %{REQUEST_FILENAME} !-d
    RewriteRule ^(.*)$ index.php?url=$1 ${flags}
  `,
  'srv/www/index.php': conf`
    <?php
    $url = $_GET['url'] ?? '';
    ${script}
    require __DIR__ . '/../app/router.php';
  `,
})
const PAGED = "$page = $_GET['page'] ?? 1;"

const host = (rule: string): string =>
  rewritingHost(`RewriteCond %{DOCUMENT_ROOT}%{REQUEST_URI} !-f\nRewriteRule ${rule}`)

export default defineRule({
  summary: 'A front controller that gets the path in its query loses the query of the request',
  severity: 'warning',
  otherSeverities: { info: 'where the script is not seen to read any other parameter' },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'A target with a `?` replaces the query, and only the flag `QSA` appends that of the request. `/list?page=2` becomes `index.php?url=list`: the second page shows the first, a search finds nothing, and a login that returns with `?code=…` fails.',
  remedy: 'Add the flag: `RewriteRule ^(.*)$ index.php?url=$1 [L,QSA]`',
  references: ['https://httpd.apache.org/docs/2.4/rewrite/flags.html#flag_qsa'],
  bad: [
    { title: 'a script that reads another parameter', files: site('«[L]»', PAGED) },
    { title: 'a script that is not seen to: advice', files: site('«[NC,L]»') },
    { title: 'a virtual host', files: { 'site.conf': host('^/(.*)$ /index.php?q=$1 «[L]»') } },
    { title: 'no flags', files: { 'site.conf': host('^ «/index.php?q=%{REQUEST_URI}»') } },
  ],
  good: [
    { title: 'appended', files: site('[L,QSA]', PAGED) },
    { title: 'appended by the long name', files: site('[qsappend,last]', PAGED) },
    {
      title: 'the script reads the query of the request by itself',
      files: site('[L]', "parse_str(parse_url($_SERVER['REQUEST_URI'], PHP_URL_QUERY), $asked);"),
    },
    {
      title: 'the query is put in, or there is none',
      files: {
        'a.conf': host('^/(.*)$ /index.php?q=$1&%{QUERY_STRING} [L]'),
        'b.conf': host('^/(.*)$ /index.php?q=$1 [L]').replace(
          'RewriteRule',
          'RewriteCond %{QUERY_STRING} ^$\n    RewriteRule',
        ),
      },
    },
    {
      title: 'one page, a redirect, and a script that gets no path',
      files: {
        'site.conf': host('^/news/(.*)$ /news.php?id=$1 [L]'),
        'b.conf': host('^/(.*)$ /moved.php?from=$1 [R=302,L]'),
        'c.conf': host('^/(.*)$ /index.php?site=two [L]'),
        'd.conf': host('^/(.*)$ /index.php [L]'),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      for (const rule of placedRules(configuration, files)) {
        const script = scriptOf(rule)
        if (script === null) continue
        const base = directoryOf(configuration, rule)
        const text = base === null ? '' : (sourceAt(files, posix.join(base, script))?.text ?? '')
        if (READS_QUERY.test(text)) continue
        const other = parametersRead(text).find(name => !givenNames(rule).includes(name))
        const [, target, flags] = rule.directive.args
        const at = argumentPlace(rule.directive, flags === undefined ? 1 : 2)
        yield {
          at,
          ...(other === undefined && { severity: 'info' as const }),
          message: `\`${target?.value}\` replaces the query of the request, so \`${posix.basename(script)}\` gets ${other === undefined ? 'no other parameter' : `no \`${other}\``}`,
          label: 'no `QSA`',
          ...appended(at, flags?.value),
        }
      }
    }
  },
})

/** Takes the query from the URL that the client sent. */
const READS_QUERY = /\bparse_str\(|\bPHP_URL_QUERY\b/

/** The script that a rule for all paths that are no files leads to, with the path in its query; null for other rules. */
function scriptOf({ settled, negated, pattern, output, flags, conditions }: PlacedRule): string | null {
  if (!settled || negated || ['QSA', 'R', 'P', 'F', 'G', 'C'].some(flag => flags.has(flag))) return null
  if (!/^\^?(?:\/\??)?(?:\(?\.[*+]\)?)?\$?$/.test(pattern)) return null
  const [, script, query = ''] = /^\/?((?:[\w-]+\/)*[\w-]+\.php)\?(.*)$/.exec(output) ?? []
  if (script === undefined || !/=\/?(?:\$[01]|%\{REQUEST_URI\})/.test(query)) return null
  if (/QUERY_STRING|THE_REQUEST/.test(query)) return null
  if (conditions.some(({ input }) => /QUERY_STRING|THE_REQUEST/.test(input))) return null
  return conditions.some(({ negated: not, test }) => not && /^-[fd]$/i.test(test)) ? script : null
}

function directoryOf(configuration: ApacheConfiguration, rule: PlacedRule): string | null {
  if (rule.directory !== null && !rule.output.startsWith('/')) return rule.directory
  const root = documentRoot({ configuration, host: hostOfRule(configuration, rule) })
  return root.known ? root.value : null
}

function givenNames({ output }: PlacedRule): readonly string[] {
  return [...output.matchAll(/[?&]([\w-]+)=/g)].map(([, name = '']) => name)
}

function parametersRead(text: string): readonly string[] {
  const read = /(?:\$_(?:GET|REQUEST)\[|\bINPUT_GET,)[ \t]*['"]([\w-]+)['"]/g
  return [...text.matchAll(read)].map(([, name = '']) => name)
}

function appended(at: Place, flags: string | undefined): object {
  if (flags === undefined || !/^\[[\w=,]+\]$/.test(flags)) return {}
  return propose('Append the query', 'unsafe', [replacePlace(at, `${flags.slice(0, -1)},QSA]`)])
}

import { placeText } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { modWsgiMain, virtualHost } from '../_examples.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      ${lines}
  </VirtualHost>
`

const script = (url: string, path: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': modWsgiMain(
    virtualHost(conf`
      WSGIDaemonProcess wiki
      WSGIProcessGroup wiki
      WSGIScriptAlias ${url} ${path}
      <Directory /opt/wiki>
          Require all granted
      </Directory>
    `),
  ),
  'opt/wiki/wiki.wsgi': conf`
    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"ran"]
  `,
})

export default defineRule({
  summary: 'An Alias whose URL ends in a slash and whose directory does not',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache puts what follows the URL right behind the directory: `/media/site.css` is looked for as `/srv/mediasite.css`, and answered with 404 or 403.',
  remedy: 'End both with a slash, or neither',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_alias.html#alias'],
  bad: [
    { title: 'a slash on one side', files: { 'site.conf': host('Alias /media/ «/srv/media»') } },
    { title: 'scripts', files: { 'site.conf': host('ScriptAlias /cgi-bin/ «"/usr/lib/cgi-bin"»') } },
    { title: 'a script of mod_wsgi', files: script('«/wiki/»', '/opt/wiki/wiki.wsgi') },
  ],
  good: [
    {
      title: 'both, neither, the harmless side, and a single file',
      files: {
        'site.conf': host(conf`
          Alias /media/ /srv/media/
          Alias /static /srv/static
          Alias /files /srv/files/
          Alias /robots.txt /srv/robots.txt
          AliasMatch ^/a/ /srv/a
          ScriptAlias / /usr/lib/cgi-bin/mailman/listinfo
        `),
      },
    },
    { title: 'a script of mod_wsgi for what is below a URL', files: script('/wiki', '/opt/wiki/wiki.wsgi') },
    {
      title: 'a script of mod_wsgi with a slash on both sides',
      files: script('/wiki/', '/opt/wiki/wiki.wsgi/'),
    },
    { title: 'a script of mod_wsgi for the whole site', files: script('/', '/opt/wiki/wiki.wsgi') },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      for (const name of ['alias', 'scriptalias', 'wsgiscriptalias']) {
        for (const directive of configuration.occurrences.get(name) ?? []) {
          const [url, path] = directive.args
          if (url === undefined || path === undefined || !isSettled(url.value) || !isSettled(path.value))
            continue
          if (!url.value.endsWith('/') || /\/$/.test(path.value) || path.value.includes('%{')) continue
          // `ScriptAlias / …/listinfo` runs a program for the start page alone.
          if (url.value === '/') continue
          if (name === 'wsgiscriptalias') {
            yield scriptWithoutSlash(directive, url.value, path.value)
            continue
          }
          if (files.kind(path.value) === 'file') continue
          const at = argumentPlace(directive, 1)
          const written = placeText(at)
          const end = path.value.slice(path.value.lastIndexOf('/') + 1)
          yield {
            at,
            message: `\`${url.value}page.html\` is looked for as \`${path.value.slice(0, path.value.length - end.length)}${end}page.html\`: the directory lacks the slash at its end`,
            ...propose('End the directory with a slash', 'safe', [
              written.includes(path.value)
                ? replacePlace(at, written.replace(path.value, `${path.value}/`))
                : null,
            ]),
          }
        }
      }
    }
  },
})

/** The slash has to go, for a script has no end to which one could be put. */
function scriptWithoutSlash(directive: ApacheDirective, url: string, path: string): RuleFinding {
  const at = argumentPlace(directive, 0)
  const written = placeText(at)
  return {
    at,
    message: `\`${url}page\` is looked for as the script \`${path}page\`, which is not there: the URL ends in a slash and the script does not`,
    ...propose('Take the slash away', 'safe', [
      written.includes(url) ? replacePlace(at, written.replace(url, url.replace(/\/+$/, ''))) : null,
    ]),
  }
}

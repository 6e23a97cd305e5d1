import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import type { RewriteCondition } from '../../src/servers/apache/requests/rewrite/rules.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'

const PAGE = { 'srv/www/index.html': 'start page', 'srv/www/site.css': 'body {}' }

export default defineRule({
  summary: 'A condition looks for a file where no file of the site lies',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`-f` and `-d` take a path of the machine. `%{REQUEST_URI}` is the path of the URL, so httpd looks for `/css/site.css` in the root of the machine; `$1` of a `.htaccess` has no slash in front, and is looked for in the directory that httpd was started in. Nothing is found: `!-f` always holds, and style sheets and images are rewritten like everything else.',
  remedy: 'Ask `%{REQUEST_FILENAME}`, or `%{DOCUMENT_ROOT}%{REQUEST_URI}`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewritecond'],
  bad: [
    {
      title: 'the path of the URL',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond «%{REQUEST_URI}» !-f
          RewriteRule !^index\.html$ index.html [L]
        `),
        ...PAGE,
      },
    },
    {
      title: 'what a pattern of a directory has in its group',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond «$1» !-f
          RewriteRule ^(?!index)(.*)$ index.html [L]
        `),
        ...PAGE,
      },
    },
    {
      title: 'a page by its name without the extension, in a virtual host',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond «%{REQUEST_URI}.html» -f
          RewriteRule ^(.*)$ $1.html [L]
        `),
      },
    },
  ],
  good: [
    {
      title: 'the file of the request',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteRule !^index\.html$ index.html [L]
          RewriteCond %{DOCUMENT_ROOT}%{REQUEST_URI} -d
          RewriteRule ^a - [L]
          RewriteCond %{DOCUMENT_ROOT}/cache/$1.html -f
          RewriteRule ^(.*)$ cache/$1.html [L]
        `),
        ...PAGE,
      },
    },
    {
      title: 'a path of the machine that a condition made, and the question whether a URL may be had',
      files: rewritingDirectory(conf`
        RewriteCond %{REQUEST_FILENAME} ^(.*)\.htm$
        RewriteCond %1.html -f
        RewriteRule ^(.*)\.htm$ $1.html [L]
        RewriteCond %{REQUEST_URI} !-U
        RewriteRule ^b - [F]
      `),
    },
    {
      title: 'a group of a virtual host, which may hold a path of the machine',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond $1 -f
          RewriteRule ^(/srv/www/.*)$ - [L]
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const rule of placedRules(configuration, filesOf(configuration))) {
        if (!rule.settled) continue
        for (const condition of rule.conditions) {
          const fault = faultOf(condition, rule)
          if (fault !== null) yield { at: argumentPlace(condition.directive, 0), message: fault }
        }
      }
    }
  },
})

function faultOf({ test, input, negated }: RewriteCondition, { context }: PlacedRule): string | null {
  if (test !== '-f' && test !== '-d' && test !== '-s') return null
  const always = negated ? 'always' : 'never'
  if (/^%\{REQUEST_URI\}/i.test(input))
    return `\`${input}\` is looked for in the root of the machine, where no file of the site lies, so \`${negated ? '!' : ''}${test}\` ${always} holds`
  return context === 'directory' && /^\$[0-9]/.test(input)
    ? `\`${input}\` begins with no slash here, and is looked for in the directory that httpd was started in, so \`${negated ? '!' : ''}${test}\` ${always} holds`
    : null
}

import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'A virtual host asks for the file before the URL is mapped to one',
  severity: 'warning',
  otherSeverities: { info: 'where the rule is for the paths of an API alone, which are no files' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Outside of `<Directory>` and `.htaccess` mod_rewrite runs before the URL is mapped to a file, and `%{REQUEST_FILENAME}` is still the path of the URL: `/style.css`, without the document root. No such file exists, so `!-f` always holds, and style sheets and pictures go to the front controller too.',
  remedy: 'Write `%{DOCUMENT_ROOT}%{REQUEST_URI}`, or put the rules into `<Directory>`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewritecond'],
  bad: [
    {
      title: 'a front controller in the virtual host',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond «%{REQUEST_FILENAME}» !-f
          RewriteCond %{REQUEST_FILENAME} !-d
          RewriteRule ^ /index.txt [L]
        `),
      },
    },
  ],
  good: [
    {
      title: 'with the document root',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond %{DOCUMENT_ROOT}%{REQUEST_URI} !-f
          RewriteCond %{LA-U:REQUEST_FILENAME} !-d
          RewriteRule ^ /index.txt [L]
          <Directory /srv/www>
              RewriteEngine On
              RewriteCond %{REQUEST_FILENAME} !-f
              RewriteRule ^ /index.txt [L]
          </Directory>
        `),
      },
    },
    {
      title: 'in .htaccess',
      files: rewritingDirectory(conf`
        RewriteCond %{REQUEST_FILENAME} !-f
        RewriteRule ^ index.txt [L]
      `),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const { context, directive, conditions, pattern: rule } of placedRules(
        configuration,
        filesOf(configuration),
      )) {
        // A fragment without a section may be included into any.
        if (context !== 'server' || (directive.parent === null && configuration.main === null)) continue
        const wrong = conditions.filter(
          ({ test, input }) =>
            /^-[fdsl]$/.test(test) && /^%\{(?:REQUEST_FILENAME|SCRIPT_FILENAME)\}$/i.test(input),
        )
        const [first, ...others] = wrong
        if (first === undefined) continue
        const places = wrong.map(condition => argumentPlace(condition.directive, 0))
        const isOfApi = conditions.some(
          ({ input, pattern, negated }) =>
            !negated && /^%\{REQUEST_URI\}$/i.test(input) && OF_API.test(pattern),
        )
        const areNegated = wrong.every(({ negated }) => negated)
        const each = others.length === 0 ? 'the condition' : 'each of the conditions'
        yield {
          at: argumentPlace(first.directive, 0),
          // No files lie there, and the condition is as idle as it is wrong.
          ...(areNegated && (isOfApi || OF_API.test(rule)) && { severity: 'info' as const }),
          message: `\`${first.input}\` is the path of the URL here, which no file has, so ${first.negated === areNegated ? each : 'the condition'} ${first.negated ? 'always' : 'never'} holds`,
          related: places.slice(1).map(at => ({ at, message: 'the same of this condition' })),
          ...propose(
            'Ask for the file below the document root',
            'unsafe',
            places.map(at => replacePlace(at, '%{DOCUMENT_ROOT}%{REQUEST_URI}')),
          ),
        }
      }
    }
  },
})

/** A beginning below which a program answers and no file lies. */
const OF_API = /^\^?\/?(?:api|rest|graphql|rpc|webhooks?)(?![\w.-]*\.)/i

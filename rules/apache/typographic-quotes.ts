import { propose } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import type { Problem } from '../../src/servers/problem.ts'
import { typographicQuotes } from '../_typographic-quotes.ts'
import { HTACCESS_MAIN, rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'Quotes of a word processor are letters for Apache',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'Apache knows `"` and `\'` alone. What a word processor, a blog or a chat made of them is a part of the value: a header is sent with it, a pattern matches nothing, and files that it should protect are served.',
  remedy: 'Write `"`',
  references: ['https://httpd.apache.org/docs/2.4/configuring.html#syntax'],
  bad: [
    {
      title: 'a section that denies, in a .htaccess',
      files: {
        'etc/apache2/apache2.conf': HTACCESS_MAIN,
        'srv/www/.htaccess': conf`
          <FilesMatch «“\.bak$”»>
              Require all denied
          </FilesMatch>
        `,
      },
    },
    {
      title: 'a header',
      files: { 'site.conf': rewritingHost('Header set X-Robots-Tag «“noindex”»') },
    },
    {
      title: 'a pattern and its target',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteEngine On
          RewriteRule «‘^/old$’» /new [R=301,L]
        `),
      },
    },
  ],
  good: [
    {
      title: 'plain quotes',
      files: {
        'etc/apache2/apache2.conf': HTACCESS_MAIN,
        'srv/www/.htaccess': conf`
          <FilesMatch "\.bak$">
              Require all denied
          </FilesMatch>
        `,
      },
    },
    {
      title: 'such quotes in a text and in a comment',
      files: {
        'site.conf': rewritingHost(conf`
          # “quoted”
          ErrorDocument 404 "“Not here”"
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const { sources, occurrences, problems } = configuration
      yield* lettersIn(typographicQuotes(sources, occurrences), problems)
      for (const { file, overrides } of htaccessFiles(configuration, filesOf(configuration)))
        if (overrides.known && overrides.value.reads)
          yield* lettersIn(typographicQuotes([file.source], file.occurrences), file.problems)
    }
  },
})

function* lettersIn(
  all: ReturnType<typeof typographicQuotes<ApacheDirective>>,
  problems: readonly Problem[],
): Iterable<RuleFinding> {
  for (const { directive, quotes } of all) {
    // Where the server stops there, it says more.
    if (problems.some(({ fatal, at }) => fatal && at.source === directive.source)) continue
    const { at, text, quote, edits } = quotes
    yield {
      at,
      message: `\`${quote}\` is no quote for Apache but a letter, and \`${text}\` is taken with it`,
      label: 'a letter of the value',
      ...propose('Write `"`', 'unsafe', edits),
    }
  }
}

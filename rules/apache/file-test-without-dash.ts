import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'

const PAGE = { 'srv/www/index.html': 'start page', 'srv/www/site.css': 'body {}' }

export default defineRule({
  summary: 'A condition compares the path of a file with a letter, where it is to ask for the file',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`-f` and `-d` ask whether a file or a directory is there. Without the dash `f` is a regular expression: the condition holds wherever the path has the letter, and `!f` wherever it has none, be a file there or not.',
  remedy: 'Write `!-f` and `!-d`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewritecond'],
  bad: [
    {
      title: 'files and directories that are left out',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond %{REQUEST_FILENAME} «!f»
          RewriteCond %{REQUEST_FILENAME} !-d
          RewriteRule !^(?:index\.html|\.htaccess)$ index.html [L]
        `),
        ...PAGE,
      },
    },
    {
      title: 'a directory in a virtual host',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond %{DOCUMENT_ROOT}%{REQUEST_URI} «d»
          RewriteRule ^(.*[^/])$ $1/ [R=301,L]
        `),
      },
    },
  ],
  good: [
    {
      title: 'files that are asked for',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteCond %{REQUEST_FILENAME} !-d
          RewriteRule !^(?:index\.html|\.htaccess)$ index.html [L]
        `),
        ...PAGE,
      },
    },
    {
      title: 'a letter of a URL, and of a name',
      files: rewritingDirectory(conf`
        RewriteCond %{REQUEST_URI} f
        RewriteRule ^a - [L]
        RewriteCond %{REQUEST_FILENAME} \.f$
        RewriteRule ^b - [L]
      `),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache)
      for (const rule of placedRules(configuration, filesOf(configuration)))
        for (const { directive, input, test, pattern, negated } of rule.conditions) {
          if (test !== 'regex' || !/^[fdsl]$/.test(pattern) || !PATH.test(input)) continue
          const at = argumentPlace(directive, 1)
          const sign = negated ? '!' : ''
          yield {
            at,
            message: `\`${sign}${pattern}\` compares the path with the letter, and asks for no file: that is \`${sign}-${pattern}\``,
            ...(placeText(at) === `${sign}${pattern}` &&
              propose('Write the dash', 'unsafe', [replacePlace(at, `${sign}-${pattern}`)])),
          }
        }
  },
})

/** What is the path of a file. */
const PATH =
  /^%\{(?:REQUEST_FILENAME|SCRIPT_FILENAME|DOCUMENT_ROOT|CONTEXT_DOCUMENT_ROOT|LA-U:REQUEST_FILENAME)\}/i

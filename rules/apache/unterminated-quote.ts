import { insertAfter, type Proposal, propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheDirective, apacheSection } from '../../src/servers/apache/directives.ts'
import { type SilentLine, silentLinesOf } from '../../src/servers/apache/silent-lines.ts'
import { servedHtaccess } from '../_examples.ts'

const sites = (names: string): string => conf`
  <VirtualHost *:80>
      ServerName default.example.org
  </VirtualHost>
  <VirtualHost *:80>
      ServerName example.org
      ServerAlias ${names}
      Redirect gone /
  </VirtualHost>
`

export default defineRule({
  summary: 'A quote is opened and never closed',
  severity: 'info',
  otherSeverities: { warning: 'where the quote takes several words for one argument' },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'Apache takes all that is left of the line for one argument, without a word. It is a slip even where the value comes out right, and any argument added behind it becomes part of it.',
  remedy: 'Close the quote where the argument ends',
  references: ['https://httpd.apache.org/docs/2.4/configuring.html#syntax'],
  bad: [
    {
      title: 'a directory',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              DocumentRoot «"/srv/shop/public»
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a section',
      files: {
        'site.conf': conf`
          <Directory «"/srv/shop»>
              Require all granted
          </Directory>
        `,
      },
    },
    {
      title: 'two names, taken for one',
      files: { 'site.conf': sites('«"www.example.org shop.example.org»') },
    },
    {
      title: 'in a line of a template that is written out',
      files: {
        'site.conf.erb': conf`
          <VirtualHost *:80>
              ServerName <%= @name %>
              ProxyPass "/packages/" "http://packages.example.org/"
              ProxyPassReverse "/packages/" «"http://packages.example.org/»
          </VirtualHost>
        `,
      },
    },
    {
      title: 'in `.htaccess`',
      files: servedHtaccess(conf`
        AddType image/svg+xml «".svg .svgz»
      `),
    },
  ],
  good: [
    {
      title: 'a quote of a word processor, which is a fault of its own',
      files: servedHtaccess('AddType image/svg+xml ".svg .svgz”'),
    },
    {
      title: 'a command of mod_ext_filter, which takes quotes in quotes',
      files: {
        'site.conf': `ExtFilterDefine idonly mode=output cmd="/usr/bin/jq '{ id: .id }'"\n`,
      },
    },
    {
      title: 'two names, each an argument',
      files: { 'site.conf': sites('www.example.org shop.example.org') },
    },
    {
      title: 'a quote that a template may close',
      files: {
        'site.conf.j2': conf`
          <VirtualHost *:80>
              ServerName example.org
              DocumentRoot "/srv/{{ rest }}
              Header set X-Note "{% if beta %}beta"{% else %}final"{% endif %}
          </VirtualHost>
        `,
      },
    },
    {
      title: 'closed, escaped, in the middle of a word, or a message in the style of Apache 1.3',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              DocumentRoot "/srv/shop \"new\"/public"
              Header set X-Note it's
              ErrorDocument 404 "Nothing here
          </VirtualHost>
        `,
      },
    },
  ],
  *check(deployment) {
    for (const { line } of silentLinesOf(deployment)) {
      if (line.kind !== 'open-quote') continue
      const { at, node, word } = line
      // Quotes that are none are a finding of their own.
      if (/[\u2018-\u201F]/.test(word.value)) continue
      const quote = at.source.text[at.start] ?? '"'
      const takesMore = /\s/.test(word.value)
      yield {
        at,
        severity: takesMore && !isLastValue(node.name.value, word.value) ? 'warning' : 'info',
        message: takesMore
          ? `the quote is not closed, so \`${node.name.value}\` takes the rest of the line for one argument`
          : 'the quote is not closed',
        ...(takesMore ? mendSeveral(line, quote) : close(line, quote)),
      }
    }
  },
})

/** True for the value of a header, which is meant to go to the end of the line. */
function isLastValue(name: string, value: string): boolean {
  return /^(?:Request)?Header$/i.test(name) && !/["']|\s(?:env=|expr=|early\b)/.test(value)
}

type OpenQuote = Extract<SilentLine, { kind: 'open-quote' }>

function close({ at, word }: OpenQuote, quote: string): Proposal {
  return propose(
    'Close the quote at the end of the argument',
    'safe',
    word.value.endsWith('\\') ? [] : [insertAfter(at, quote)],
  )
}

/** A path may hold blanks; of names in a list no one does, and a quote around all of them changes nothing. */
function mendSeveral(line: OpenQuote, quote: string): Proposal {
  const { at, node } = line
  const name = node.name.value.toLowerCase()
  const arity = (node.kind === 'open' ? apacheSection(name) : apacheDirective(name))?.arity
  if (node.kind === 'open' || arity === '1') return close(line, quote)
  const isList = arity === 'each' || name === 'serveralias'
  return isList
    ? propose('Take the quote away', 'unsafe', [replacePlace({ ...at, end: at.start + 1 }, '')])
    : {}
}

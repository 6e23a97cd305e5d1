import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { servedHtaccess } from '../_examples.ts'

export default defineRule({
  summary: 'A RewriteCond with no RewriteRule behind it',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'A condition belongs to the next `RewriteRule` of the same section, and is forgotten at the end of the section. The rule it was meant for runs without it, or is not there.',
  remedy: 'Write the condition directly before its rule, in the same section',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewritecond'],
  bad: [
    {
      title: 'behind its rule',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
          RewriteEngine On
          RewriteRule ^ https://example.org/ [R]
          «RewriteCond» %{HTTP_HOST} =example.net
          </VirtualHost>
        `,
      },
    },
    {
      title: 'the rule stands in another section',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
          RewriteEngine On
          «RewriteCond» %{REQUEST_URI} ^/a
          <Location /a>
          RewriteRule ^ - [F]
          </Location>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'in `.htaccess`',
      files: servedHtaccess(conf`
        RewriteEngine On
        «RewriteCond» %{HTTPS} off
        ErrorDocument 404 /missing.html
      `),
    },
  ],
  good: [
    {
      title: 'several conditions, other lines between',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
          RewriteEngine On
          RewriteCond %{HTTP_HOST} =a.example.org [OR]
          RewriteCond %{HTTP_HOST} =b.example.org
          ServerAlias b.example.org
          RewriteRule ^ https://example.org/ [R]
          </VirtualHost>
        `,
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const { occurrences, main, top } = configuration
      // Without the main file, another fragment may bring the rule for the top.
      yield* dangling(occurrences, main === null ? null : top)
      for (const { file, overrides } of htaccessFiles(configuration, filesOf(configuration)))
        if (overrides.known && overrides.value.reads) yield* dangling(file.occurrences, file.children)
    }
  },
})

/** The conditions behind the last rule of their section; of the top where that is all there is. */
function* dangling(
  occurrences: ReadonlyMap<string, readonly ApacheDirective[]>,
  top: readonly ApacheDirective[] | null,
): Iterable<RuleFinding> {
  const conditions = occurrences.get('rewritecond') ?? []
  const order = new Map<ApacheDirective, number>()
  const lastRule = new Map<ApacheDirective | null, number>()
  for (const parent of new Set(conditions.map(({ parent }) => parent))) {
    for (const [index, child] of (parent?.children ?? top ?? []).entries()) {
      order.set(child, index)
      if (child.name === 'RewriteRule') lastRule.set(parent, index)
    }
  }
  for (const condition of conditions) {
    if (condition.parent === null && top === null) continue
    if ((order.get(condition) ?? 0) < (lastRule.get(condition.parent) ?? -1)) continue
    yield {
      at: { source: condition.source, start: condition.nameStart, end: condition.nameEnd },
      message: 'no `RewriteRule` follows this condition in its section, so it has no effect',
    }
  }
}

import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'
import { nearestName, slipFinding } from '../_nearest-name.ts'

const including = (path: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(['Listen 80', `IncludeOptional ${path}`], ['alias']),
})
const SITE = {
  'etc/apache2/sites-enabled/shop.conf': conf`
    <VirtualHost *:80>
        ServerName example.org
        Redirect gone /
    </VirtualHost>
  `,
}

export default defineRule({
  summary: 'IncludeOptional finds nothing, and something of nearly that name is there',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: '`IncludeOptional` is content with nothing: a slip in its path leaves out a file, or every site, without a word.',
  remedy: 'Write the name of what is there, or `Include` for what has to be there',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#includeoptional'],
  bad: [
    { title: 'a letter too few', files: { ...including('«sites-enable/*.conf»'), ...SITE } },
    {
      title: 'a file',
      files: {
        ...including('«conf-enabled/securty.conf»'),
        'etc/apache2/conf-enabled/security.conf': conf`ServerTokens Prod`,
      },
    },
  ],
  good: [
    { title: 'the name of what is there', files: { ...including('sites-enabled/*.conf'), ...SITE } },
    {
      title: 'an empty directory',
      files: { ...including('conf-enabled/*.conf'), 'etc/apache2/conf-enabled/': '' },
    },
    {
      title: 'a file that may be there one day',
      files: {
        ...including('local.conf'),
        'etc/apache2/conf-available/local.conf': conf`ServerTokens Prod`,
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      for (const { kind, at, ...note } of configuration.notes ?? []) {
        if (kind !== 'nothing-included' || !('path' in note)) continue
        const slip = nearestName(files, note.path)
        if (slip !== null) yield slipFinding(at, slip)
      }
    }
  },
})

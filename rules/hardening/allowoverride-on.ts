import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effective } from '../../src/servers/apache/queries/effective.ts'
import { overridesFor } from '../../src/servers/apache/queries/overrides.ts'
import { fileHost } from './_examples.ts'
import { levelsOfFiles, reachedHosts } from './_servers.ts'

const directory = (override: string): string => conf`
  <Directory /srv/www>
      AllowOverride ${override}
      Require all granted
  </Directory>
`

export default defineRule({
  summary: 'Files in the document root may change the configuration',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'Whoever can write a `.htaccess` there changes what the server does, and each request looks for the file in every directory. Front controllers that come with one need it.',
  remedy: 'Write `AllowOverride None`, and the lines of the `.htaccess` files into `<Directory>`',
  controls: ['CIS Apache 4.4'],
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#allowoverride'],
  bad: [
    { title: 'everything', files: { 'etc/apache2/apache2.conf': fileHost(directory('«All»')) } },
    {
      title: 'a part of it',
      files: { 'etc/apache2/apache2.conf': fileHost('', directory('«FileInfo» AuthConfig')) },
    },
  ],
  good: [
    { title: 'nothing', files: { 'etc/apache2/apache2.conf': fileHost(directory('None')) } },
    {
      title: 'of a directory that nobody serves',
      files: { 'etc/apache2/apache2.conf': fileHost('', directory('All').replace('www', 'old')) },
    },
  ],
  *check(deployment) {
    for (const asked of reachedHosts(deployment)) {
      const levels = levelsOfFiles(deployment, asked)
      if (levels === null) continue
      const overrides = overridesFor(asked.configuration, levels)
      if (!overrides.known || (overrides.value.classes.size === 0 && overrides.value.list.size === 0))
        continue
      const name = overrides.value.classes.size > 0 ? 'AllowOverride' : 'AllowOverrideList'
      const line = effective(asked.configuration, levels, name).directives.at(-1)
      if (line === undefined) continue
      yield {
        at: argumentPlace(line, 0),
        per: 'virtual hosts',
        message: often =>
          `\`${name}\` lets a \`.htaccess\` in the document root change the configuration${often}`,
      }
    }
  },
})

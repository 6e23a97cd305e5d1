import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { apacheMain } from '../_examples.ts'

const main = (lines: string, modules: readonly string[] = ['cache_disk']): string =>
  apacheMain(
    conf`
      Listen 80
      DocumentRoot /srv/www
      <Directory /srv/www>
          Require all granted
      </Directory>
      Header set Cache-Control "max-age=600"
      CacheQuickHandler off
      CacheHeader on
      ${lines}
    `,
    ['dir', 'headers', 'cache', ...modules],
  )

export default defineRule({
  summary: 'Apache is to cache on disk, and has no directory for it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`CacheEnable disk` needs `CacheRoot`, which has no default. httpd starts, writes `cannot cache files to disk without a CacheRoot specified` at every request, and each page is made anew.',
  remedy: 'Write `CacheRoot /var/cache/apache2/mod_cache_disk`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_cache_disk.html#cacheroot'],
  bad: [{ title: 'no directory', files: { 'etc/apache2/apache2.conf': main('CacheEnable «disk» /') } }],
  good: [
    {
      title: 'a directory',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          CacheRoot /var/cache/apache2/mod_cache_disk
          CacheEnable disk /
        `),
      },
    },
    {
      title: 'a cache in memory',
      files: {
        'etc/apache2/apache2.conf': main('CacheEnable socache /', ['cache_socache', 'socache_shmcb']),
      },
    },
    { title: 'a fragment, whose main file may name it', files: { 'site.conf': 'CacheEnable disk /\n' } },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      const { occurrences } = configuration
      if (!occurrences.has('cacheenable') || occurrences.has('cacheroot') || !isWhole(configuration)) continue
      for (const line of occurrences.get('cacheenable') ?? [])
        if (line.args[0]?.value.toLowerCase() === 'disk')
          yield {
            at: argumentPlace(line, 0),
            message: 'no `CacheRoot` names a directory, so nothing is cached',
          }
    }
  },
})

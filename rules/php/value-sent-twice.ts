import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { phpPool, phpSite } from './_examples.ts'

const tree = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite(lines),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(''),
})

export default defineRule({
  summary: 'The first of two `PHP_VALUE` is lost',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'PHP-FPM keeps the last parameter of a name. Settings that are written one `fastcgi_param PHP_VALUE` each are all dropped but the last one.',
  remedy: 'Write them into one value, each on a line of its own',
  references: ['https://www.php.net/manual/en/install.fpm.configuration.php'],
  bad: [
    {
      title: 'a line for each setting',
      files: tree(conf`
        fastcgi_param PHP_VALUE «"memory_limit=77M"»;
        fastcgi_param PHP_VALUE "max_execution_time=601";
      `),
    },
    {
      title: 'settings that scripts cannot change',
      files: tree(conf`
        fastcgi_param PHP_ADMIN_VALUE «"open_basedir=/srv/www:/tmp"»;
        fastcgi_param PHP_ADMIN_VALUE "disable_functions=exec";
      `),
    },
  ],
  good: [
    {
      title: 'one value of several lines',
      files: tree(conf`
        fastcgi_param PHP_VALUE "memory_limit=77M
        max_execution_time=601";
        fastcgi_param PHP_ADMIN_VALUE "open_basedir=/srv/www:/tmp";
      `),
    },
    {
      title: 'the same setting again',
      files: tree(conf`
        fastcgi_param PHP_VALUE "memory_limit=77M";
        fastcgi_param PHP_VALUE "memory_limit=99M";
      `),
    },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      const last = new Map<NginxDirective | null, Map<string, NginxDirective>>()
      for (const line of occurrences.get('fastcgi_param') ?? []) {
        const name = line.args[0]?.value ?? ''
        if (!/^PHP_(?:ADMIN_)?VALUE$/.test(name)) continue
        const lines = last.get(line.parent) ?? new Map<string, NginxDirective>()
        const former = lines.get(name)
        last.set(line.parent, lines.set(name, line))
        if (former === undefined) continue
        const lost = settingsOf(former).filter(setting => !settingsOf(line).includes(setting))
        if (lost.length === 0) continue
        yield {
          at: argumentPlace(former, 1),
          message: `PHP-FPM keeps the last \`${name}\` alone, so ${lost.map(setting => `\`${setting}\``).join(' and ')} is not set`,
          label: 'lost',
          related: [{ at: argumentPlace(line, 1), message: 'kept' }],
          help: 'Write both into one value, each on a line of its own',
        }
      }
    }
  },
})

/** The names of what one value sets. */
function settingsOf({ args }: NginxDirective): readonly string[] {
  return (args[1]?.value ?? '').split('\n').flatMap(line => /^\s*([\w.]+)\s*=/.exec(line)?.[1] ?? [])
}

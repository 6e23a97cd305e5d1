import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'
import { executedArgument } from './_lines.ts'

const main = (mpm: string, path = '/usr/lib/apache2/modules/libphp8.2.so'): string => conf`
  ${apacheMain('Listen 80', [mpm])}
  LoadModule php_module ${path}
`

export default defineRule({
  summary: 'The module of PHP is loaded beside an MPM of threads, and Apache does not start',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Debian and Ubuntu build PHP for one thread a process. With `mpm_event` or `mpm_worker` Apache refuses it: `Apache is running a threaded MPM, but your PHP Module is not compiled to be threadsafe`.',
  remedy: 'Load `mpm_prefork` (`a2dismod mpm_event`, `a2enmod mpm_prefork`), or run PHP by PHP-FPM',
  references: ['https://www.php.net/manual/en/install.unix.apache2.php'],
  unproven: 'The module of PHP is no package that the live tests install',
  bad: [
    {
      title: 'event',
      files: {
        'etc/apache2/apache2.conf': main('mpm_event').replace('php_module', '«php_module»'),
      },
    },
  ],
  good: [
    { title: 'prefork', files: { 'etc/apache2/apache2.conf': main('mpm_prefork') } },
    {
      title: 'a build for threads',
      files: { 'etc/apache2/apache2.conf': main('mpm_event', '/usr/lib64/httpd/modules/libphp-zts.so') },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      const { modules, executed = [] } = configuration
      const mpm = ['mpm_event_module', 'mpm_worker_module'].find(id => modules.has(id))
      if (mpm === undefined) continue
      const line = executed.find(
        ({ name, args }) =>
          name === 'LoadModule' &&
          /^php\d*_module$/.test(args[0]?.value ?? '') &&
          /^\/usr\/lib\/apache2\/modules\/libphp[\d.]*\.so$/.test(args[1]?.value ?? ''),
      )
      const id = line?.args[0]?.value
      if (id === undefined || !modules.has(id)) continue
      const at = executedArgument(configuration, 'LoadModule', id)
      if (at === null) continue
      const other = modules.get(mpm)?.at
      yield {
        at,
        message: `this module runs in no threads, and \`${mpm}\` is loaded: Apache does not start`,
        related: other ? [{ at: other, message: 'threads' }] : [],
      }
    }
  },
})

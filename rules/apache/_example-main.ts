import { conf } from '../../src/engine/conf.ts'

/**
 * A main file as Debian's httpd starts with it, for examples that need one: what the lines are about comes
 * last. `modules` are names without `_module`.
 */
export function mainFile(lines: string, modules: readonly string[] = []): string {
  const loaded = ['mpm_event', 'authz_core', ...modules].map(
    name => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
  )
  return conf`
    ServerRoot /etc/apache2
    ServerName localhost
    User www-data
    Group www-data
    PidFile /run/apache2/apache2.pid
    DefaultRuntimeDir /run/apache2
    ErrorLog /var/log/apache2/error.log
    ${loaded}
    ${lines}
  `
}

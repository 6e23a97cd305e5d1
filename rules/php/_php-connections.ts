import type { NginxConnection } from '../../src/deployment/model.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'

/** True where PHP surely answers: by a pool of the audit, a container of PHP, or scripts that are named. */
export function isPhp({ targets, block }: NginxConnection): boolean {
  if (block.args.some(({ value }) => /\\?\.php/.test(value))) return true
  if (block.children.some(runsScript)) return true
  return targets.some(
    ({ to, machine }) =>
      (to.kind === 'listener' && to.listener.program.kind === 'php-fpm') ||
      machine?.container?.base === 'php',
  )
}

/** True of `fastcgi_param SCRIPT_FILENAME $document_root/index.php`. */
function runsScript({ name, args }: NginxDirective): boolean {
  return (
    name === 'fastcgi_param' && args[0]?.value === 'SCRIPT_FILENAME' && /\.php$/.test(args[1]?.value ?? '')
  )
}

/** True where PHP surely runs on the machine of nginx, with its file system: no container, no `chroot`. */
export function isBesideNginx({ targets, from }: NginxConnection): boolean {
  return (
    from.machine.container === null &&
    targets.length > 0 &&
    targets.every(({ to, machine }) =>
      to.kind === 'listener'
        ? to.listener.program.kind === 'php-fpm' &&
          to.listener.program.machine === from.machine &&
          to.listener.program.pool.chroot === null
        : machine === null || machine.container === null,
    )
  )
}

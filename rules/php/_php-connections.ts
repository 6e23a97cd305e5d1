import type { NginxConnection } from '../../src/deployment/model.ts'

/** True where PHP surely answers: by a pool of the audit, a container of PHP, or scripts asked for by their names. */
export function isPhp({ targets, block }: NginxConnection): boolean {
  if (block.args.some(({ value }) => /\\?\.php/.test(value))) return true
  return targets.some(
    ({ to, machine }) =>
      (to.kind === 'listener' && to.listener.program.kind === 'php-fpm') ||
      machine?.container?.base === 'php',
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

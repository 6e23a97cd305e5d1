import type { ServiceUnit } from '../../parsers/systemd/service-unit.ts'

/** What becomes of a program whose first process has ended. */
export const ENDS = {
  systemd: 'systemd kills it with the service, whose process has ended',
  supervisord: 'supervisord takes it for ended, and starts it again until it gives up: Exited too quickly',
  PM2: 'PM2 takes it for ended, and starts it again until it gives up: errored',
  container: 'the container stops, whose process has ended',
} as const

/** True where systemd kills nothing of what is left, when the first process of a service has ended. */
export function isLeftAlone(service: ServiceUnit | null): boolean {
  return (service?.unit.settings ?? []).some(
    ({ name, value }) =>
      (name === 'RemainAfterExit' && /^(?:1|yes|y|true|t|on)$/i.test(value)) ||
      (name === 'KillMode' && /^(?:process|none)$/.test(value)),
  )
}

import type { ComposeService } from '../../../parsers/compose/compose.ts'

/** True for a service whose label keeps Traefik from it, whatever its other labels say. */
export function isTraefikOff({ labels }: ComposeService): boolean {
  return labels.some(
    ({ name, value }) => name === 'traefik.enable' && value?.known === true && /^false$/i.test(value.value),
  )
}

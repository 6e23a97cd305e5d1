import type { NginxConnection } from '../src/deployment/model.ts'

/** How locations for WebSockets are called; `/hub/` alone has the pages of JupyterHub. */
const NAMES = /\b(?:ws|wss|websockets?|socket|cable|signalr|notifications\/hub)\b/i

/**
 * True of a location of its own for WebSockets: what goes through it are handshakes, so that no page, no form and no
 * upload does.
 */
export function isForWebSockets({ pass, headers }: NginxConnection): boolean {
  const { parent } = pass
  return (
    parent?.name === 'location' &&
    NAMES.test(parent.args.at(-1)?.value ?? '') &&
    headers.written.some(({ name, state }) => name === 'upgrade' && state !== 'cleared')
  )
}

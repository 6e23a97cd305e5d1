/** True of names with a word in common that says more than what kind it is. */
export function isAlike(one: string, other: string): boolean {
  const words = new Set(one.split(/[-.]/))
  return other.split(/[-.]/).some(word => word.length > 1 && words.has(word) && !GENERAL.test(word))
}

const GENERAL =
  /^(?:env|config|configmap|cm|settings|secrets?|pvc|claim|data|volume|sa|account|service|tls|key|keys|the|prod|dev|staging)$/

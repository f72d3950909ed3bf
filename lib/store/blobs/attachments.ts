// All that is needed once a message has an attachment: loaded together, with the first one.
export { attach, describe } from "./attach.ts";
export { blobOf } from "./blob.ts";
export { detach, detachData } from "./detach.ts";

#include "persistence/log_format.h"

namespace leat::persistence {

std::string EncodeMark(Lsn next_lsn, Lsn durable_lsn, uint64_t salt) {
  std::string mark(kMarkBytes, '\0');
  StoreRecordHeader(mark.data(), next_lsn, kMarkPayloadBytes, 0);
  StoreUint64(mark.data() + kRecordHeaderBytes, durable_lsn);
  SealRecord(mark.data(), kMarkPayloadBytes, salt);
  return mark;
}

}  // namespace leat::persistence

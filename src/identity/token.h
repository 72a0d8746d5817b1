// The proof of who a caller is: a call of sts:GetCallerIdentity, signed in advance ("presigned"), that
// the caller makes and the asked one sends to STS. No secret changes hands, and none is stored.
//
//     Authorization: Bearer outrigger-v1.<base64url of https://sts.REGION.amazonaws.com/?Action=…>.NONCE
//
// Signed with it is the header x-outrigger-audience: SERVICE/ENVIRONMENT/INSTANCE of the one that is
// asked, which sends its own: whoever takes the token elsewhere sends another one, and STS refuses. And
// x-outrigger-nonce, since a signature says nothing finer than the second.
//
// Pure functions. https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "outrigger/result.h"

namespace outrigger::identity {

inline constexpr std::string_view kScheme = "Bearer outrigger-v1.";
inline constexpr std::string_view kAudienceHeader = "x-outrigger-audience";
inline constexpr std::string_view kNonceHeader = "x-outrigger-nonce";
inline constexpr size_t kNonceDigits = 32;
// STS itself takes such a call for fifteen minutes, whatever it says: it is judged here.
inline constexpr int64_t kLifeSeconds = 60;
// How far a caller's clock may be ahead of this one's.
inline constexpr int64_t kAheadSeconds = 5;

struct Sts {
  std::string endpoint;  // "https://sts.eu-west-1.amazonaws.com", no slash at the end
  std::string region;
};

// 32 hexadecimal digits that nobody has had before.
std::string new_nonce();

// The value of the Authorization header. `audience`: "prober/production/i-0abc".
std::string make_token(const Sts& sts, std::string_view audience,
                       const aws::Credentials& credentials, int64_t now_s,
                       const std::string& nonce = new_nonce());

struct Token {
  std::string query;  // made anew from what was read: nothing else reaches STS
  std::string nonce;
  std::string signature;  // 64 hexadecimal digits: no two tokens have the same
  int64_t signed_s = 0;
  int64_t ends_s = 0;  // not good any more from then on
};

// What can be told before STS is asked: the form, the endpoint, the action, each parameter once and no
// other, the time. kBadInput says what is wrong, for tests and for whoever looks into it; a stranger is
// not told.
Result<Token> read_token(std::string_view authorization, const Sts& sts, int64_t now_s);

// --- Roles -------------------------------------------------------------------------------------
// Whether STS's "arn:aws:sts::123456789012:assumed-role/Operators/ada" is a session of the role
// "arn:aws:iam::123456789012:role/team/Operators". STS does not tell a role's path, and no two roles of
// an account have the same name.
bool is_session_of(std::string_view session_arn, std::string_view role_arn);

}  // namespace outrigger::identity
